# An error in a loop inside of loops is said once, and soon.
locals {
  work = [for a in range(1000) : [for b in range(1000) : [for c in yange(1000) : a * b * c]]]
}
