-- Fails where a table is smaller than in the nightly restore, or nothing of the last hour is there.
DO $$
BEGIN
  ASSERT (SELECT count(*) FROM tenants) >= (SELECT n FROM audit.nightly WHERE relation = 'tenants'::regclass), 'tenants';
  ASSERT (SELECT count(*) FROM items) >= (SELECT n FROM audit.nightly WHERE relation = 'items'::regclass), 'items';
  ASSERT (SELECT count(*) FROM movements) >= (SELECT n FROM audit.nightly WHERE relation = 'movements'::regclass),
    'movements';
  ASSERT (SELECT max(at) FROM movements) > now() - interval '1 hour', 'the last hour is missing';
END
$$;
