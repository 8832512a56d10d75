-- Whether a restored database is right: fails where it is not, so that nobody has to read numbers.
DO $$
BEGIN
  ASSERT (SELECT count(*) FROM tenants) > 0, 'no tenants';
  ASSERT (SELECT count(*) FROM invoices) > 0, 'no invoices';
  ASSERT (SELECT count(*) FROM webhook_events) > 0, 'no webhook events';
  ASSERT NOT EXISTS (SELECT FROM invoices WHERE created_at > updated_at),
    'invoices older than their creation';
  ASSERT NOT EXISTS (
    SELECT FROM invoices i LEFT JOIN tenants t ON i.tenant_id = t.id WHERE t.id IS NULL
  ), 'invoices without a tenant';
  ASSERT NOT EXISTS (
    SELECT FROM invoices WHERE status IN ('validated', 'submitted', 'accepted') AND ubl_xml IS NULL
  ), 'invoices without their XML';
END
$$;
