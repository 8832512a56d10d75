-- What is wrong, and since when.
SELECT count(*) AS wrong, min(u.at) AS since FROM users u LEFT JOIN branches b ON b.id = u.branch WHERE b.id IS NULL;
