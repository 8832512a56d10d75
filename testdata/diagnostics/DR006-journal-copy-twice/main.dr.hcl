drctl {
  journal_copy {
    bucket = "journals-west"
  }
  journal_copy {
    bucket = "journals-north"
  }
}
