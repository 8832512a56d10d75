# A bucket encrypted with a key, its replica under another key, and a copy in another account.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_s3_bucket" "papers" {
  bucket     = "papers"
  versioning = "Enabled"
  server_side_encryption {
    sse_algorithm     = "aws:kms"
    kms_master_key_id = "arn:aws:kms:eu-west-1:000000000000:key/1111"
  }
  replication {
    role = "arn:aws:iam::000000000000:role/replication"
    rule "all" {
      destination               = aws_s3_bucket.papers_dr.arn
      replication_time_control  = true
      delete_marker_replication = "Disabled"
      sse_kms_encrypted_objects = true
      replica_kms_key_id        = "arn:aws:kms:eu-west-2:000000000000:key/2222"
    }
  }
}

resource "aws_s3_bucket" "papers_dr" {
  provider   = aws.dr
  bucket     = "papers-dr"
  versioning = "Enabled"
  server_side_encryption {
    sse_algorithm     = "aws:kms"
    kms_master_key_id = "arn:aws:kms:eu-west-2:000000000000:key/2222"
  }
}

site "platform" {
  account = "111122223333"
}

datastore "papers" {
  resource = aws_s3_bucket.papers
}

datastore "queue" {
  site = site.platform
}

backup "queue" {
  of = datastore.queue
  external {
    schedule = rate("1h")
    takes    = "1m"
    keep     = "7d"
  }
  to "vault" {
    account = "444455556666"
    region  = "eu-west-1"
  }
}

procedure "queue" {
  step "restore" {
    restore  = datastore.queue
    estimate = "10m"
  }
}

service "queue" {
  data    = [datastore.queue]
  recover = procedure.queue
}
