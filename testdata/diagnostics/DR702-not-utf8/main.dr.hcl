# cafÃ©
# café
