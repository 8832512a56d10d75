service "front" {
  depends_on = [service.middle]
  objective {
    rto = "15m"
    rpo = "2h"
  }
}
service "middle" {
  depends_on = [service.store]
}
service "store" {
  objective {
    rto = "30m"
    rpo = "4h"
  }
}
