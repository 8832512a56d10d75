# §Recovery Procedures by Scenario: what people do around the recovery. No time is written for any of it.
# That the marketing team communicates is in §Internal Communication; who assesses is not written.

# §Scenario 1: Database Corruption, step 2.
procedure "corruption_assessment" {
  step "assess" {
    manual = "Determine corruption scope"
    why    = "the runbook has no command for it"
  }
}

# §Scenario 1: Database Corruption, step 5.
procedure "corruption_communication" {
  step "communicate" {
    manual = "Update status page: status.vatevo.com"
    why    = "the runbook has no command for it"
    owner  = contact.communications
  }
}

# §Scenario 2: Regional Outage, step 2.
procedure "outage_assessment" {
  step "assess" {
    manual = "Determine outage scope"
    why    = "the runbook has no command for it"
  }
}

# §Scenario 2: Regional Outage, step 5.
procedure "outage_communication" {
  step "communicate" {
    manual = "Customer notifications"
    why    = "the runbook has no command for it"
    owner  = contact.communications
  }
}

# §Scenario 3: Data Center Failure, step 2.
procedure "failure_assessment" {
  step "assess" {
    manual = "Determine failure scope"
    why    = "the runbook has no command for it"
  }
}

# §Scenario 3: Data Center Failure, steps 4 and 5.
procedure "failure_conclusion" {
  # 4. Verification
  step "verify" {
    manual = "Complete system testing"
    why    = "the runbook has no command for it"
    checks = "service"
  }
  # 5. Communication
  step "communicate" {
    after  = [step.verify]
    manual = "Extended outage notifications"
    why    = "the runbook has no command for it"
    owner  = contact.communications
  }
}

# §Scenario 4: Security Incident, steps 2 and 3.
procedure "containment" {
  # 2. Assessment
  step "assess" {
    manual = "Determine incident scope"
    why    = "the runbook has no command for it"
  }
  # 3. Containment
  step "isolate" {
    after  = [step.assess]
    manual = "Isolate affected systems"
    why    = "the runbook has no command for it"
  }
}

# §Scenario 4: Security Incident, step 5.
procedure "incident_communication" {
  step "communicate" {
    manual = "Security incident notifications"
    why    = "the runbook has no command for it"
    owner  = contact.communications
  }
}
