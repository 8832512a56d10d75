drctl {
  journal_copy {
    bucket   = "journals"
    provider = postgres
  }
}
