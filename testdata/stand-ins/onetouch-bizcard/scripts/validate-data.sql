-- Fails where something is missing, orphaned, or nothing of today is there.
DO $$
BEGIN
  ASSERT (SELECT count(*) FROM brands) > 0, 'no brands';
  ASSERT NOT EXISTS (SELECT FROM branches b LEFT JOIN brands o ON o.id = b.brand WHERE o.id IS NULL), 'orphaned branches';
  ASSERT NOT EXISTS (SELECT FROM users u LEFT JOIN branches b ON b.id = u.branch WHERE b.id IS NULL), 'orphaned users';
  ASSERT (SELECT max(at) FROM users) > now() - interval '1 day', 'nothing of today';
END
$$;
