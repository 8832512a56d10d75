provider "aws" {
  alias  = "dr"
  region = "eu-west-2"
}

drctl {
  journal_copy {
    bucket   = "journals"
    provider = aws.de
  }
}
