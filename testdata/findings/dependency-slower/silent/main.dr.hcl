service "front" {
  depends_on = [service.store]
  objective {
    rto = "30m"
    rpo = "2h"
  }
}
service "store" {
  objective {
    rto = "30m"
    rpo = "1h"
  }
}
service "other" {
  objective {
    rto = "4h"
    rpo = "4h"
  }
}
service "plain" {
  depends_on = [service.store]
}
