# Renamed twice: who has applied neither finds it as well.
moved {
  from = toy_bucket.first
  to   = toy_bucket.second
}
moved {
  from = toy_bucket.second
  to   = toy_bucket.third
}
resource "toy_bucket" "third" {
  name = "one"
  days = 7
}

# All instances of a block, each with its key; and one that has another key besides.
moved {
  from = toy_bucket.each
  to   = toy_bucket.every
}
moved {
  from = toy_bucket.every["eu"]
  to   = toy_bucket.every["europe"]
}
resource "toy_bucket" "every" {
  for_each = { europe = "eu", us = "us" }
  name     = each.value
  days     = 3
}

# One becomes the first of several.
moved {
  from = toy_bucket.counted
  to   = toy_bucket.counted[0]
}
resource "toy_bucket" "counted" {
  count = 2
  name  = "c${count.index}"
  days  = 9
}

# What was done already is not done again.
moved {
  from = toy_bucket.long_ago
  to   = toy_bucket.settled
}
resource "toy_bucket" "settled" {
  name = "settled"
}
