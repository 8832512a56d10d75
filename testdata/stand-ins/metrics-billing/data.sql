-- Usage, what it was billed as, and what was paid of it; and the counts of what must not be empty.
CREATE TABLE usage (id int PRIMARY KEY, customer int NOT NULL, cents int NOT NULL);
CREATE TABLE invoices (customer int PRIMARY KEY, cents int NOT NULL);
CREATE TABLE payments (customer int PRIMARY KEY REFERENCES invoices, cents int NOT NULL);
INSERT INTO usage SELECT n, n % 100, n % 7 FROM generate_series(1, 5000) n;
INSERT INTO invoices SELECT customer, sum(cents) FROM usage GROUP BY customer;
INSERT INTO payments SELECT customer, cents FROM invoices WHERE customer % 3 = 0;
CREATE VIEW dr_critical_tables AS SELECT 'usage' AS name, count(*) AS n FROM usage
  UNION ALL SELECT 'invoices', count(*) FROM invoices UNION ALL SELECT 'payments', count(*) FROM payments;
