# Who is told, when and how, and what is gone through. The runbook names nobody who does it, so no `owner` is
# set; where it says no address, none is written.

# §Internal Communication, Incident Detected, 1.
channel "paging" {
  description = "how the on-call engineer is alerted"
  via         = "PagerDuty/Slack"
}

# §Internal Communication, Incident Detected, 2.
channel "incident" {
  description = "the incident channel"
  via         = "#incident-YYYYMMDD"
}

# §Status Page Updates. No address is written.
channel "status_page" {
  description = "the status page"
}

# §Customer Notifications. No address is written, nor which customers are critical.
channel "email" {
  description = "email to critical customers"
}

# §Customer Notifications. Which ones is not written.
channel "social_media" {
  description = "social media"
}

# §Key Contacts: of the engineering manager and of the CTO.
channel "phone" {
  description = "the phone"
  via         = "[phone]"
}

# The engineering team is notified and the incident report provided; how is not written.
channel "unsaid" {
  description = "the runbook does not say how"
}

# §Communication Plan, §Escalation Procedures. What is to be done without a time is in the checklists below.
# How often the status page is updated in between is not said.
communication "plan" {
  description = "Communication Plan"
  escalation  = escalation.procedures
  # Incident Detected, 1. Alert on-call engineer via PagerDuty/Slack
  notify "on-call engineer" {
    via = channel.paging
    on  = ["started"]
  }
  # Incident Detected, 3. Notify engineering team
  notify "engineering team" {
    via = channel.unsaid
    on  = ["started"]
  }
  # During Recovery, 1. Post updates every 15 minutes in incident channel
  notify "incident channel" {
    via   = channel.incident
    every = "15m"
  }
  # §Level 3: Engineering Manager + CTO. The other reasons to escalate are not a time.
  notify "Engineering Manager + CTO" {
    via            = channel.phone
    after_downtime = "2h"
    text           = "Extended outage (> 2 hours)"
  }
  # Status Page Updates, Initial
  notify "status page" {
    via  = channel.status_page
    on   = ["started"]
    text = "We're investigating an issue affecting [service]"
  }
  # Status Page Updates, Resolved
  notify "status page" {
    via  = channel.status_page
    on   = ["resolved"]
    text = "Service has been restored. We're monitoring for stability."
  }
  # Customer Notifications: Email critical customers if downtime > 30 minutes
  notify "critical customers" {
    via            = channel.email
    after_downtime = "30m"
  }
  # Customer Notifications: Post on social media if downtime > 1 hour
  notify "social media" {
    via            = channel.social_media
    after_downtime = "1h"
  }
  # Customer Notifications: Provide incident report within 24 hours of resolution
  notify "customers" {
    via    = channel.unsaid
    on     = ["resolved"]
    within = "24h"
    text   = "incident report"
  }
}

# §Internal Communication, Incident Detected, 2. Steps 1 and 3 are told.
checklist "incident_detected" {
  when  = "before"
  items = ["Create incident channel: #incident-YYYYMMDD"]
}

# §Internal Communication, During Recovery, 2 and 3; §Status Page Updates, During.
checklist "during_recovery" {
  when = "during"
  items = [
    "Update status page: \"We're working on restoring [service]. ETA: [time]\"",
    "Notify stakeholders of ETA",
  ]
}

# §Internal Communication, Post-Recovery.
checklist "post_recovery" {
  when = "after"
  items = [
    "Conduct post-mortem within 48 hours",
    "Document lessons learned",
    "Update runbook with improvements",
  ]
}

# §Post-Incident Checklist: after recovery.
checklist "post_incident" {
  when = "after"
  items = [
    "Verify all services are operational",
    "Check data integrity",
    "Review logs for root cause",
    "Update monitoring alerts",
    "Schedule post-mortem meeting",
    "Document incident timeline",
    "Update runbook with lessons learned",
    "Communicate resolution to stakeholders",
    "Review and improve backup procedures",
    "Test restored system under load",
  ]
}
