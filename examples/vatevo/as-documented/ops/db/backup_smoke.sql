-- ops/db/backup_smoke.sql
-- Verify backup integrity

-- Check table counts
SELECT
  'tenants' as table_name,
  COUNT(*) as record_count
FROM tenants
UNION ALL
SELECT
  'invoices' as table_name,
  COUNT(*) as record_count
FROM invoices
UNION ALL
SELECT
  'webhook_events' as table_name,
  COUNT(*) as record_count
FROM webhook_events;

-- Check data integrity
SELECT
  COUNT(*) as invalid_invoices
FROM invoices
WHERE created_at > updated_at;

-- Check foreign key constraints
SELECT
  COUNT(*) as orphaned_invoices
FROM invoices i
LEFT JOIN tenants t ON i.tenant_id = t.id
WHERE t.id IS NULL;
