-- What is known about each certificate, and the invoices that were signed with it.
CREATE TABLE certificates (name text PRIMARY KEY, to_be_issued boolean NOT NULL DEFAULT false);
CREATE TABLE invoices (id int PRIMARY KEY, certificate text NOT NULL REFERENCES certificates, signed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO certificates SELECT 'customer-' || n FROM generate_series(1, 3) n;
INSERT INTO invoices SELECT n, 'customer-' || 1 + n % 3 FROM generate_series(1, 3000) n;
