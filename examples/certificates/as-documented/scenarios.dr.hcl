# What the document wants to be tested for. It does not say how one notices, nor what is promised for a
# scenario: the objectives are those of the services.

# §Recovery Testing, Scenarios: "Database failure recovery"
scenario "database-failure" {
  description = "The database fails and its data is lost."

  lose "datastore" {
    datastore = datastore.database
  }
}

# §Recovery Testing, Scenarios: "Certificate loss recovery"
scenario "certificate-loss" {
  description = "The certificate files are lost; their metadata in the database is not."

  lose "datastore" {
    datastore = datastore.certificates
  }
}

# §Recovery Testing, Scenarios: "Application instance failure"; §Container Recovery: "Health checks detect
# failures"
scenario "application-instance-failure" {
  description = "An instance of the application fails."
  symptoms    = ["the health checks of an instance fail"]

  lose "service" {
    service = service.application
  }
}

# §Recovery Testing, Scenarios: "Complete system failure". How one comes back from it is not said: these
# are all procedures of the document, in the order of its text.
scenario "complete-system-failure" {
  description = "Everything is lost."
  recover = [
    procedure.restore_database,
    procedure.restore_certificates,
    procedure.recover_application,
    procedure.recover_configuration,
  ]

  lose "datastore" {
    datastore = datastore.database
  }
  lose "datastore" {
    datastore = datastore.certificates
  }
  lose "datastore" {
    datastore = datastore.application_logs
  }
  lose "service" {
    service = service.application
  }
}

# §Testing, Backup Testing, Frequency: "Annual disaster recovery drill". Of which scenario, by whom, and when
# there was one is not said; §Current Implementation Status has "Regular recovery testing" among what is "not
# currently implemented". How often the scenarios of §Recovery Testing are tested is not said either: they have
# no drill of their own. That the annual one goes by the procedures of §Recovery Testing is taken from these
# being the only ones that simulate a failure.
drill "annual" {
  description = "The annual disaster recovery drill."
  procedure   = procedure.test_recovery
  every       = "365d"
}
