# What may be lost. The runbook's target of 2 hours holds for every scenario.

scenario "database-failure" {
  description = "Database Failure"
  symptoms = [
    "Application cannot connect to database",
    "Database queries timing out",
  ]
  lose "datastore" {
    datastore = datastore.postgres
  }
  detection = "5m" # the health check asks every minute, alerts after three
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    app      = "onetouch-bizcard"
    host     = "onetouchbizcard.in"
    cluster  = "main"
    data     = "/var/lib/postgresql/bizcard-${run.id}"
    old_data = "/var/lib/postgresql/bizcard"
    database = "service=bizcard"
  }
  recover   = [procedure.database]
  commander = contact.on_call
}

scenario "server-failure" {
  description = "Complete Server Failure"
  symptoms = [
    "Server is unreachable",
    "Hardware failure",
    "Data center outage",
  ]
  lose "site" {
    site = site.server
  }
  detection = "5m"
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    repository = "https://github.com/onetouch-bizcard/onetouch-bizcard.git"
    checkout   = "onetouch-bizcard"
    app        = "onetouch-bizcard"
    server     = "localhost" # the new one, on which all of it is done
    cluster    = "main"
    data       = "/var/lib/postgresql/bizcard-${run.id}"
    database   = "service=bizcard"
  }
  recover   = [procedure.server]
  commander = contact.on_call
}

# The validation queries run every 15 minutes: wrong data is noticed within 30.
scenario "data-corruption" {
  description = "Data Corruption"
  symptoms = [
    "Incorrect data in database",
    "Missing records",
    "Corrupted files",
    "Data corruption detected",
  ]
  lose "data" {
    datastore      = datastore.postgres
    noticed_within = "30m"
  }
  lose "data" {
    datastore      = datastore.assets
    noticed_within = "30m"
  }
  detection = "30m"
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    app      = "onetouch-bizcard"
    host     = "onetouchbizcard.in"
    cluster  = "main"
    data     = "/var/lib/postgresql/bizcard-${run.id}"
    old_data = "/var/lib/postgresql/bizcard"
    database = "service=bizcard"
  }
  recover   = [procedure.corruption]
  commander = contact.on_call
}

scenario "redis-failure" {
  description = "Redis Cache Failure"
  symptoms = [
    "Slow application performance",
    "Redis connection errors",
    "Cache misses",
  ]
  lose "datastore" {
    datastore = datastore.redis
  }
  detection = "5m"
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    app   = "onetouch-bizcard"
    host  = "onetouchbizcard.in"
    redis = "main"
  }
  recover   = [procedure.redis]
  commander = contact.on_call
}

scenario "storage-issues" {
  description = "S3 Storage Issues"
  symptoms = [
    "File upload failures",
    "Missing images",
    "S3 access denied errors",
  ]
  lose "datastore" {
    datastore = datastore.assets
  }
  detection = "5m"
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  target {
    bucket = "onetouch-bizcard-prod-assets"
    user   = "onetouch-bizcard-prod"
    images = "d1234567890.cloudfront.net"
  }
  recover   = [procedure.storage]
  commander = contact.on_call
}
