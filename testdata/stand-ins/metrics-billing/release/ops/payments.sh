#!/bin/sh
# payments.sh --mode MODE --host HOST --since 48h [--compare | --confirm]: a payment of Razorpay is a line, `CUSTOMER CENTS`.
set -eu
[ "$1 $3 $5" = "--mode --host --since" ]
razorpay=$HOME/platform/razorpay/$2
sql() { psql -XAtq -U recovery -h "$host" -d billing --set=ON_ERROR_STOP=1 "$@"; }
host=$4
case "${7-}" in
"")
    while read -r customer cents; do
        made=$(sql --command="INSERT INTO payments VALUES ($((customer + 0)), $((cents + 0))) ON CONFLICT DO NOTHING RETURNING customer")
        [ -z "$made" ] || echo "record $made" >>"$HOME/platform/effects"
    done <"$razorpay/payments"
    ;;
--compare)
    sort "$razorpay/payments" >there
    sql --field-separator=' ' --command='SELECT customer, cents FROM payments' | sort | cmp - there
    ;;
--confirm)
    mkdir -p "$razorpay/confirmed"
    while read -r customer _cents; do
        [ -f "$razorpay/confirmed/$customer" ] || echo "paid" >"$razorpay/confirmed/$customer"
    done <"$razorpay/payments"
    ;;
*) exit 2 ;;
esac
