# The copies in the other region reach the same instant as what stands in the region of the database. Where nothing of
# the region is lost it comes back there: whoever uses it, and all that is done with it, is there.
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}

provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}

resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 7
}

# Before the other by its name.
resource "aws_db_automated_backups_replication" "main" {
  provider                = aws.dr
  source_db_instance_arn  = aws_db_instance.main.arn
  backup_retention_period = 7
}

datastore "orders" {
  resource = aws_db_instance.main
}

service "shop" {
  data = [datastore.orders]
}

scenario "wrong" {
  lose "data" {
    datastore      = datastore.orders
    noticed_within = "1h"
  }
}

scenario "region" {
  lose "region" {
    name = "eu-west-1"
  }
}
