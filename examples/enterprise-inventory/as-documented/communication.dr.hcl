# Who is told, when, and what is gone through afterwards. Of no channel an address is given, and who tells
# anybody is not said.

# §Emergency Contacts, Technical Team: On-Call Engineer.
channel "on_call" {
  description = "the on-call engineer"
  via         = "[Contact]"
}

channel "team_chat" {
  description = "team chat"
}

channel "ticket" {
  description = "incident ticket"
}

channel "status_page" {
  description = "status page"
}

channel "email" {
  description = "email"
}

channel "social_media" {
  description = "social media, if applicable"
}

# Where the plan names nothing that messages go through.
channel "not_said" {
  description = "the plan does not say through what"
}

# §Prevention Measures, Regular Backups: "Backup monitoring"; Monitoring & Alerting: "Backup status monitoring".
alert "backup_status" {
  on  = "backup_failed"
  via = channel.not_said
}

# §Communication Plan, Internal Communication
communication "internal" {
  # 1. Immediate (0-15 min)
  notify "on-call engineer" {
    via    = channel.on_call
    on     = ["started"]
    within = "15m"
  }
  notify "team" {
    via    = channel.team_chat
    on     = ["started"]
    within = "15m"
  }
  notify "incident ticket" {
    via    = channel.ticket
    on     = ["started"]
    within = "15m"
    text   = "Incident ticket created"
  }

  # 2. Status Updates (Every 30 min). Whom is not said.
  notify "internal" {
    via   = channel.not_said
    every = "30m"
    text  = "Progress update, estimated recovery time, next steps"
  }

  # 3. Resolution (When complete). Whom is not said.
  notify "internal" {
    via  = channel.not_said
    on   = ["resolved"]
    text = "Recovery confirmed, post-mortem scheduled, lessons learned shared"
  }
}

# §Communication Plan, External Communication
communication "external" {
  # 1. User Notification (If > 1 hour downtime)
  notify "users" {
    via            = channel.status_page
    after_downtime = "1h"
  }
  notify "affected users" {
    via            = channel.email
    after_downtime = "1h"
  }
  notify "users" {
    via            = channel.social_media
    after_downtime = "1h"
  }

  # 2. Stakeholder Update (If > 4 hours downtime)
  notify "executives" {
    via            = channel.not_said
    after_downtime = "4h"
    text           = "Executive briefing"
  }
  notify "customer success" {
    via            = channel.not_said
    after_downtime = "4h"
  }
  notify "sales team" {
    via            = channel.not_said
    after_downtime = "4h"
  }
}

# §Phase 5: Post-Mortem (Within 48 hours). A checklist has no deadline.
checklist "post_mortem" {
  description = "post-mortem, within 48 hours"
  when        = "after"
  items = [
    # 1. Document Incident
    "Timeline of events",
    "Root cause analysis",
    "Recovery steps taken",
    # 2. Identify Improvements
    "What went well?",
    "What could be improved?",
    "Action items",
    # 3. Update Procedures
    "Revise recovery procedures",
    "Update documentation",
    "Improve monitoring",
  ]
}

# §Prevention Measures, Testing: "Quarterly recovery tests", 92 days at most. Of which scenario, by whom and
# when last is not said.
drill "recovery_tests" {
  description = "quarterly recovery tests"
  every       = "92d"
}
