# Who leads and who is called. Names, numbers and addresses are as the runbook has them: placeholders.

# §Recovery Team: [CTO Name].
contact "incident_commander" {
  role  = "Incident Commander, CTO"
  phone = "[phone]"
  email = "[email]"
}

# §Internal Communication: Escalation.
contact "ceo" {
  role = "CEO"
}

# §Recovery Team: [Senior DevOps].
contact "technical_lead" {
  role  = "Technical Lead, Senior DevOps Engineer"
  phone = "[phone]"
  email = "[email]"
}

# §Internal Communication: Communications.
contact "communications" {
  role = "Communications, Marketing Team"
}

# §External Communication: Media Relations.
contact "media_relations" {
  role = "Media Relations, PR team"
}

# §Recovery Team: [DBA Name].
contact "database_admin" {
  role  = "Database Admin"
  phone = "[phone]"
  email = "[email]"
}

# §Recovery Team: [Infra Team].
contact "infrastructure" {
  role  = "Infrastructure"
  phone = "[phone]"
  email = "[email]"
}

# §External Contacts.
contact "aws_support" {
  role = "AWS Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "fly_support" {
  role = "Fly.io Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "vercel_support" {
  role = "Vercel Support"
  via  = "[Support Case ID]"
}

# §External Contacts.
contact "dns_provider" {
  role = "DNS Provider"
  via  = "[Provider Contact]"
}

# §External Communication: Status Page.
channel "status_page" {
  description = "the status page"
  url         = "https://status.vatevo.com"
}

# §External Communication: Customer Notifications. No address is written for any of the three.
channel "email" {
  description = "email"
}

channel "slack" {
  description = "Slack"
}

channel "twitter" {
  description = "Twitter"
}

# §Alerting Thresholds. How an alert goes, and to whom, is not written.
channel "alert" {
  description = "an alert"
}

# §Backup Verification, Monitoring. §Backup Monitoring: Success/Failure. §Alerting Thresholds: Backup Failure, at once.
alert "backup_failure" {
  on   = "backup_failed"
  via  = channel.alert
  text = "Backup Failure"
}

# §Recovery Monitoring: RPO Tracking. §Alerting Thresholds: RPO Exceeded, at once. It goes by the RPO of the services.
alert "rpo_exceeded" {
  on   = "point_age"
  of   = [datastore.postgres]
  via  = channel.alert
  text = "RPO Exceeded"
}

# §External Communication. §Pre-Recovery Checklist says when: before the recovery.
communication "status_page" {
  notify "the public" {
    via   = channel.status_page
    on    = ["started"]
    owner = contact.communications
  }
}

# §External Communication: Customer Notifications. §Scenario 2 says when: step 5, after the recovery.
communication "customers" {
  scenarios = [scenario.regional-outage]
  notify "customers" {
    via   = channel.email
    on    = ["resolved"]
    owner = contact.communications
  }
  notify "customers" {
    via   = channel.slack
    on    = ["resolved"]
    owner = contact.communications
  }
  notify "customers" {
    via   = channel.twitter
    on    = ["resolved"]
    owner = contact.communications
  }
}

# §Alerting Thresholds. The RTO is that of the API and the database, which every scenario takes. The "5-minute
# alert" is read as one after five minutes.
communication "thresholds" {
  notify "whoever gets alerts" {
    via            = channel.alert
    after_downtime = "5m"
    text           = "Service Degradation"
  }
  notify "whoever gets alerts" {
    via            = channel.alert
    after_downtime = "1h"
    text           = "RTO Exceeded"
  }
}

# §Internal Communication: Escalation. Which incidents are critical is not written.
escalation "incidents" {
  description = "Internal Communication"
  level "incident commander" {
    contacts = [contact.incident_commander]
  }
  level "CEO" {
    contacts = [contact.ceo]
    when     = "critical incidents"
  }
}

communication "escalation" {
  escalation = escalation.incidents
}

# §Last Updated, Next Review, Owner, Approved By: the CTO has approved it. How the team is reached is not written.
contact "devops_team" {
  role = "DevOps Team"
}

drill "review" {
  description = "Review of the runbook, approved by the CTO"
  every       = "30d"
  owner       = contact.devops_team
  last        = "2025-09-09T03:30:00Z"
}
