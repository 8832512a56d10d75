#!/usr/bin/env bash
# Recovery: scenario server-failure   as of 2026-03-02T12:00:00Z
# NOT FEASIBLE: no way back for 1 datastore; 1 datastore and 1 service come back after the loss of site server
# Read it before it is run. One step after the other; a plan may allow some side by side.
set -euo pipefail
STEPS=16

FROM_STEP="${FROM_STEP:-1}"
STEP=0

stopped() {
  printf '\nStopped at step %s. To go on from there: FROM_STEP=%s bash THIS-FILE\n' "$STEP" "$STEP" >&2
}
ask() {
  printf '   %s ' "$1"
  IFS= read -r ANSWER </dev/tty
}
begin() {
  STEP="$1"
  if [ "$1" -lt "$FROM_STEP" ]; then
    return 1
  fi
  printf '\n== step %s of %s: %s\n' "$1" "$STEPS" "$2"
}
note() {
  printf '   %s\n' "$1"
}
run() {
  printf '   $'
  printf ' %q' "$@"
  printf '\n'
  command -- "$@"
}
by_hand() {
  ask 'Press Enter when it is done, Ctrl-C to stop.'
}
ready() {
  ask 'Press Enter if all of that is so, Ctrl-C to stop.'
}
onward() {
  ask 'Press Enter to go on all the same, Ctrl-C to stop.'
}
wanted() {
  ask 'Type yes to do it, anything else to leave it out:'
  if [ "$ANSWER" != yes ]; then
    note 'Left out.'
    return 1
  fi
}
look() {
  ask 'Press Enter if that is as it should be, Ctrl-C to stop.'
}
destroys() {
  ask "This destroys the present data of $1. Type its name to go on:"
  if [ "$ANSWER" != "$1" ]; then
    note 'That is another name.'
    return 1
  fi
}

main() {
note 'NOT FEASIBLE: no way back for 1 datastore; 1 datastore and 1 service come back after the loss of site server'
note 'No way back for datastore.config: no resource holds it, and no step of a procedure that is followed restores it'
note 'datastore.redis is made anew from other data: no step does it'
trap stopped EXIT
note 'call, at once: contact.on_call (On-Call Engineer, PagerDuty schedule) (escalation.procedures, level 1)'
note 'call, when: complex issues, multiple system failures: contact.senior_engineer (Senior Engineer) (escalation.procedures, level 2)'
note 'call, T+2h, or when: critical business impact, data loss scenarios: contact.engineering_manager (Engineering Manager, [phone]), contact.cto (CTO, [phone]) (escalation.procedures, level 3); a run calls them once, by channel.phone (the phone, [phone])'
note 'tell, at once: on-call engineer, by channel.paging (how the on-call engineer is alerted, PagerDuty/Slack)'
note 'tell, at once: engineering team, by channel.unsaid (the runbook does not say how)'
note 'tell, at once: status page, by channel.status_page (the status page); say: We'\''re investigating an issue affecting [service]'
note 'tell, every 15m until it is over: incident channel, by channel.incident (the incident channel, #incident-YYYYMMDD)'
note 'tell, after 30m of downtime (T+30m): critical customers, by channel.email (email to critical customers)'
note 'tell, after 1h of downtime (T+1h): social media, by channel.social_media (social media)'
note 'tell, after 2h of downtime (T+2h): Engineering Manager + CTO, by channel.phone (the phone, [phone]); say: Extended outage (> 2 hours)'
note 'tell, when it is over: status page, by channel.status_page (the status page); say: Service has been restored. We'\''re monitoring for stability.'
note 'tell, within 1d after it is over: customers, by channel.unsaid (the runbook does not say how); say: incident report'

note 'checklist.incident_detected: before the first step'
note '[ ] Create incident channel: #incident-YYYYMMDD'
if [ "$FROM_STEP" -le 1 ]; then by_hand; fi

note 'checklist.during_recovery: beside the steps'
note '[ ] Update status page: "We'\''re working on restoring [service]. ETA: [time]"'
note '[ ] Notify stakeholders of ETA'

# procedure.server

if begin 1 'launch: Launch new EC2 instance or equivalent [decides the downtime]'; then
  note 'T+?; by hand, contact.on_call (On-Call Engineer, PagerDuty schedule); no estimate'
  note 'why: the runbook has no command for it'
  by_hand
fi

if begin 2 'network: Configure security groups and networking [decides the downtime]'; then
  note 'T+?; by hand, contact.on_call (On-Call Engineer, PagerDuty schedule) after 1; no estimate'
  note 'why: the runbook has no command for it'
  by_hand
fi

if begin 3 'software: Install required software (Node.js, PostgreSQL client, Redis client) [decides the downtime]'; then
  note 'T+?; by hand, contact.on_call (On-Call Engineer, PagerDuty schedule) after 2; no estimate'
  note 'why: the runbook has no command for it'
  by_hand
fi

if begin 4 'clone: run `git clone https://github.com/your-org/onetouch-bizcard.git` [decides the downtime]'; then
  note 'T+?; run after 3; no estimate'
  note 'before: site.git works'
  ready
  run git clone https://github.com/your-org/onetouch-bizcard.git
fi

if begin 5 'install: run `npm install` [decides the downtime]'; then
  note 'T+?; run after 4; no estimate'
  (cd -- onetouch-bizcard && run npm install)
fi

if begin 6 'download_config: run `aws s3 cp …` [decides the downtime]'; then
  note 'T+?; run after 5; no estimate'
  note 'before: site.s3 works'
  ready
  run aws s3 cp s3://onetouch-bizcard-prod-backups/config/.env.production.enc ./
fi

if begin 7 'decrypt_config: run `openssl enc -d -aes-256-cbc -in .env.production.enc -out …` [decides the downtime]'; then
  note 'T+?; run after 6; no estimate'
  run openssl enc -d -aes-256-cbc -in .env.production.enc -out .env.production
fi

if begin 8 'download: run `aws s3 cp …` [decides the downtime]'; then
  note 'T+?; run after 7; no estimate'
  note 'before: site.s3 works'
  ready
  run aws s3 cp s3://onetouch-bizcard-prod-backups/database/latest.sql.gz ./backups/database/
fi

if begin 9 'restore: restore datastore.postgres from backup.database (backup to s3 at site.s3) [decides the downtime]'; then
  note 'T+?; datastore.postgres, run after 8; no estimate'
  note 'before: the newest point that helps is of 2026-03-02T06:00:00Z, if its run succeeded'
  note 'before: this lists the points: aws s3 ls s3://onetouch-bizcard-prod-backups/database/'
  note 'you say: ${point.id}, the point, as `aws s3 ls s3://onetouch-bizcard-prod-backups/database/` lists it'
  note '$ ./scripts/restore-database.sh '\''./backups/database/${point.id}.sql.gz'\'''
  by_hand
fi

if begin 10 'test_s3: run `./scripts/test-s3.sh` [decides the downtime]'; then
  note 'T+?; run after 9; no estimate'
  note 'before: site.s3 works'
  note 'NO WAY BACK for datastore.postgres after this step, because it comes after the restore, and nothing says how it is taken back (`undo`)'
  onward
  ready
  run ./scripts/test-s3.sh
fi

if begin 11 'build: run `npm run build` [decides the downtime]'; then
  note 'T+?; run after 10; no estimate'
  run npm run build
fi

if begin 12 'start: run `pm2 start npm --name onetouch-bizcard -- start` [decides the downtime]'; then
  note 'T+?; run after 11; no estimate'
  run pm2 start npm --name onetouch-bizcard -- start
fi

if begin 13 'save: run `pm2 save` [decides the downtime]'; then
  note 'T+?; run after 12; no estimate'
  run pm2 save
fi

if begin 14 'point_dns: Point domain to new server IP [decides the downtime]'; then
  note 'T+?; by hand, contact.on_call (On-Call Engineer, PagerDuty schedule) after 13; no estimate'
  note 'why: the runbook names neither the DNS provider nor a command'
  note 'before: site.dns works'
  by_hand
fi

if begin 15 'propagation: wait, 30m at most [decides the downtime]'; then
  note 'T+?; run after 14; takes 5m – 30m (declared)'
  by_hand
fi

if begin 16 'verify: run `./scripts/verify-production.sh`'; then
  note 'T+?; check after 15; no estimate'
  run ./scripts/verify-production.sh
  look
fi

note 'checklist.post_incident: after the last step'
note '[ ] Verify all services are operational'
note '[ ] Check data integrity'
note '[ ] Review logs for root cause'
note '[ ] Update monitoring alerts'
note '[ ] Schedule post-mortem meeting'
note '[ ] Document incident timeline'
note '[ ] Update runbook with lessons learned'
note '[ ] Communicate resolution to stakeholders'
note '[ ] Review and improve backup procedures'
note '[ ] Test restored system under load'
by_hand

note 'checklist.post_recovery: after the last step'
note '[ ] Conduct post-mortem within 48 hours'
note '[ ] Document lessons learned'
note '[ ] Update runbook with improvements'
by_hand

trap - EXIT
note 'All steps are done.'
}

main
