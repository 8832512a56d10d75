alert "drills" {
  on  = "drill_overdue"
  via = channel.board
}
channel "board" {
  description = "the board in the hall"
  via         = "beside the door"
}
