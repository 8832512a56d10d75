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
