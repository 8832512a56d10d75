# A dump is looked at in its bucket before anything is done with it.

provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

resource "aws_s3_bucket" "dumps" {
  bucket     = "dumps"
  versioning = "Enabled"
}

resource "aws_db_instance" "main" {
  db_instance_identifier = "main"
}

service "shop" {
  recover = procedure.back
}

procedure "back" {
  step "many" {
    s3 {
      bucket       = aws_s3_bucket.dumps
      prefix       = "db/"
      count        = 2
      younger_than = "1d"
    }
  }
  step "whole" {
    after = [step.many]
    input "dump" {
      description = "which dump"
    }
    s3 {
      bucket   = aws_s3_bucket.dumps
      key      = "db/${input.dump}"
      checksum = "sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"
    }
  }
  step "locked" {
    after = [step.whole]
    s3 {
      bucket = aws_s3_bucket.dumps
      key    = "db/1.dump"
      locked = "7d"
    }
  }
  step "nonsense" {
    after = [step.locked]
    s3 {
      bucket = aws_db_instance.main
    }
  }
}

scenario "down" {
  lose "service" {
    service = service.shop
  }
}
