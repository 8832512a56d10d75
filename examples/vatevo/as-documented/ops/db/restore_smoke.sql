-- ops/db/restore_smoke.sql
-- Verify S3 data integrity

-- Check invoice PDFs exist
SELECT
  i.id,
  i.pdf_url,
  CASE
    WHEN i.pdf_url IS NOT NULL THEN 'Has PDF'
    ELSE 'Missing PDF'
  END as pdf_status
FROM invoices i
WHERE i.status = 'accepted'
LIMIT 10;

-- Check UBL XML exists
SELECT
  i.id,
  CASE
    WHEN i.ubl_xml IS NOT NULL THEN 'Has UBL'
    ELSE 'Missing UBL'
  END as ubl_status
FROM invoices i
WHERE i.status IN ('validated', 'submitted', 'accepted')
LIMIT 10;
