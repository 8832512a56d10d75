procedure "database" {
  step "servers" {
    procedure = procedure.servers
  }
}
procedure "servers" {
  step "database" {
    procedure = procedure.database
  }
}
