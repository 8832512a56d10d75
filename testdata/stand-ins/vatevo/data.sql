-- Two tenants with their invoices.
CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE invoices (
  id int PRIMARY KEY, tenant_id int REFERENCES tenants, status text NOT NULL, ubl_xml text,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE webhook_events (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
INSERT INTO tenants VALUES (0, 'test'), (1, 'first'), (2, 'second');
INSERT INTO invoices SELECT n, 1 + n % 2, 'accepted', '<Invoice/>' FROM generate_series(1, 2000) n;
INSERT INTO webhook_events SELECT n FROM generate_series(1, 2000) n;
