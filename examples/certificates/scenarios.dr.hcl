# What may be lost. The times of the document are promised here, each for what it is about; that of the
# services, an hour, is the one that holds when everything is lost.

scenario "database-failure" {
  description = "The database fails and its data is lost."
  symptoms = [
    "/health answers 503 and says \"database\"",
    "PostgreSQL does not start, or reports damaged pages",
  ]
  lose "datastore" {
    datastore = datastore.database
  }
  detection = "5m" # /health is asked every 30 seconds and alerts after three; then whoever is called looks
  objective {
    rto = "30m"
    rpo = "1h"
  }
  target {
    place      = "production"
    host       = "certificates.example"
    database   = "/var/lib/postgresql/${run.id}"
    connection = "service=certificates"
  }
  recover   = [procedure.restore_database]
  commander = contact.on_call
}

scenario "certificate-loss" {
  description = "The certificate files are lost; their metadata in the database is not."
  symptoms = [
    "/health answers 503 and says \"certificates\"",
    "the volume is empty or cannot be mounted",
  ]
  lose "datastore" {
    datastore = datastore.certificates
  }
  detection = "5m"
  objective {
    rto = "15m"
    rpo = "1h"
  }
  target {
    place        = "production"
    host         = "certificates.example"
    certificates = "/srv/certificates-${run.id}"
  }
  recover   = [procedure.restore_certificates]
  commander = contact.on_call
}

# The document has steps for it and no scenario.
scenario "configuration-loss" {
  description = "The environment of the application is lost or damaged."
  symptoms    = ["an instance ends at once and says which variable is missing"]
  lose "datastore" {
    datastore = datastore.configuration
  }
  detection = "5m"
  objective {
    rto = "15m"
    rpo = "1h"
  }
  target {
    place         = "production"
    host          = "certificates.example"
    configuration = "/srv/configuration-${run.id}"
  }
  recover   = [procedure.restore_configuration]
  commander = contact.on_call
}

scenario "application-instance-failure" {
  description = "An instance of the application fails."
  symptoms    = ["the load balancer takes an instance out: its health check failed three times"]
  lose "service" {
    service = service.application
  }
  detection = "30s" # three health checks, 10 seconds apart
  objective {
    rto = "5m"
    rpo = "1h"
  }
  target {
    place = "production"
    host  = "certificates.example"
  }
  recover   = [procedure.recover_application]
  commander = contact.on_call
}

scenario "complete-system-failure" {
  description = "Everything in eu-west-1 is lost. The system comes back in eu-west-2."
  symptoms = [
    "certificates.example does not answer from two networks",
    "AWS Health says that eu-west-1 is degraded",
  ]
  lose "region" {
    name = "eu-west-1"
  }
  detection = "5m"
  objective {
    rto = "1h"
    rpo = "1h"
  }
  target {
    place         = "eu-west-2"
    host          = "certificates.example"
    database      = "/var/lib/postgresql/${run.id}"
    certificates  = "/srv/certificates-${run.id}"
    configuration = "/srv/configuration-${run.id}"
    connection    = "service=certificates-eu-west-2"
  }
  recover   = [procedure.rebuild]
  commander = contact.on_call
  phase "decide" {
    budget = "10m"
  }
  phase "build" {
    budget = "15m"
  }
  phase "restore" {
    budget = "20m"
  }
  phase "switch" {
    budget = "10m"
  }
}
