-- Two tenants, what they have, and how they came to it.
CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE items (id int PRIMARY KEY, tenant int NOT NULL REFERENCES tenants, balance int NOT NULL);
CREATE TABLE movements (
  id int PRIMARY KEY, item int NOT NULL REFERENCES items, tenant int NOT NULL REFERENCES tenants,
  change int NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tenants VALUES (1, 'first'), (2, 'second');
INSERT INTO items SELECT n, 1 + n % 2, 0 FROM generate_series(1, 500) n;
INSERT INTO movements SELECT n, 1 + n % 500, 1 + (1 + n % 500) % 2, n % 7 FROM generate_series(1, 5000) n;
UPDATE items SET balance = (SELECT sum(change) FROM movements WHERE item = items.id);
CREATE SCHEMA audit;
CREATE VIEW audit.violations AS
  SELECT id FROM items WHERE balance <> (SELECT sum(change) FROM movements WHERE item = items.id)
  UNION ALL
  SELECT m.id FROM movements m JOIN items i ON i.id = m.item WHERE i.tenant <> m.tenant;
CREATE TABLE audit.nightly (relation regclass PRIMARY KEY, n int NOT NULL);
INSERT INTO audit.nightly VALUES ('tenants', 2), ('items', 500), ('movements', 4000);
