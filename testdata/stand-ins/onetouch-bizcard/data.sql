-- Brands with their branches and users.
CREATE TABLE brands (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE branches (id int PRIMARY KEY, brand int NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, branch int NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO brands SELECT n, 'brand ' || n FROM generate_series(1, 50) n;
INSERT INTO branches SELECT n, 1 + n % 50 FROM generate_series(1, 500) n;
INSERT INTO users SELECT n, 1 + n % 500 FROM generate_series(1, 5000) n;
