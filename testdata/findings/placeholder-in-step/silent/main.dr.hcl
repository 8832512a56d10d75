procedure "back" {
  step "fetch" {
    shell = "aws s3 cp s3://dumps/$(date +%Y%m%d).sql.gz - > dump.sql.gz < /dev/null"
  }
  step "call" {
    http {
      url = "https://shop.example/health"
    }
  }
}
