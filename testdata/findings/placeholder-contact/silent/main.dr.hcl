contact "cto" {
  role  = "CTO"
  phone = "+44 20 7946 0000"
}
contact "support" {
  role = "AWS Support"
  via  = "https://console.aws.amazon.com/support"
}

channel "page" {
  url = "https://status.shop.example"
}

channel "pager" {
  run = ["page", "operations"]
}
