drill "team" {
  description = "the team is trained"
  every       = "90d"
}
