# What may be lost. The target of 2 hours is in §Recovery Time Tracking for every scenario; the estimated
# times are those of a whole scenario, never of a step.

# §Scenario 1: Database Failure. Estimated Recovery Time: 30-60 minutes. "Data corruption detected" is among its
# symptoms: the data may be wrong and not gone, and the steps are the same.
scenario "database-failure" {
  description = "Database Failure"
  symptoms = [
    "Application cannot connect to database",
    "Database queries timing out",
    "Data corruption detected",
  ]
  lose "datastore" {
    datastore = datastore.postgres
  }
  lose "data" {
    datastore = datastore.postgres
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  estimate     = "30m"
  estimate_p95 = "1h"
  recover = [procedure.database]
}

# §Scenario 2: Complete Server Failure. Estimated Recovery Time: 1-2 hours.
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
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  estimate     = "1h"
  estimate_p95 = "2h"
  recover = [procedure.server]
}

# §Scenario 3: Data Corruption. Estimated Recovery Time: 30-45 minutes. How long it may go unnoticed is not
# said; step 1 looks at 24 hours. "Corrupted files" are among the symptoms, no step brings files back.
scenario "data-corruption" {
  description = "Data Corruption"
  symptoms = [
    "Incorrect data in database",
    "Missing records",
    "Corrupted files",
  ]
  lose "data" {
    datastore = datastore.postgres
  }
  lose "data" {
    datastore = datastore.assets
  }
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  estimate     = "30m"
  estimate_p95 = "45m"
  recover = [procedure.corruption]
}

# §Scenario 4: Redis Cache Failure. Estimated Recovery Time: 15-30 minutes.
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
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  estimate     = "15m"
  estimate_p95 = "30m"
  recover = [procedure.redis]
}

# §Scenario 5: S3 Storage Issues. Estimated Recovery Time: 20-40 minutes.
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
  objective {
    rto = local.rto
    rpo = local.rpo
  }
  estimate     = "20m"
  estimate_p95 = "40m"
  recover = [procedure.storage]
}
