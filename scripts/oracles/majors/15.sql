-- What PostgreSQL 15 added to what a dump has to carry.
CREATE SCHEMA m15;
CREATE TABLE m15.nulls (a int, b int, c int, UNIQUE NULLS NOT DISTINCT (a, b), CONSTRAINT named UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c) DEFERRABLE);
CREATE UNIQUE INDEX nulls_index ON m15.nulls (c DESC) NULLS NOT DISTINCT WITH (fillfactor = 70) WHERE a > 0;
CREATE VIEW m15.as_caller WITH (security_invoker = true, security_barrier) AS SELECT a FROM m15.nulls;
CREATE UNLOGGED SEQUENCE m15.unlogged_sequence;
CREATE UNLOGGED TABLE m15.unlogged (a serial, b int GENERATED ALWAYS AS IDENTITY);
ALTER SEQUENCE m15.unlogged_a_seq SET LOGGED;
CREATE TABLE m15.tenants (t int, id int, PRIMARY KEY (t, id));
CREATE TABLE m15.users (t int, id int, u int, FOREIGN KEY (t, u) REFERENCES m15.tenants ON DELETE SET NULL (u),
    FOREIGN KEY (t, id) REFERENCES m15.tenants ON DELETE SET DEFAULT (id));
CREATE PUBLICATION m15_schema FOR TABLES IN SCHEMA m15, TABLE m14.tree;
CREATE PUBLICATION m15_rows FOR TABLE m15.tenants (t, id) WHERE (t > 0 AND id <> 5), TABLE m15.users WITH (publish = 'insert', publish_via_partition_root = true);
CREATE SUBSCRIPTION m15_subscription CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, two_phase = true, disable_on_error = true);
CREATE FUNCTION m15.merging() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    MERGE INTO m15.tenants t USING m15.users u ON t.t = u.t WHEN MATCHED THEN DELETE;
END$$;
CREATE VIEW m15.patterns AS SELECT regexp_count('abc', 'b') AS n, regexp_substr('abc', 'b.') AS s, regexp_like('abc', 'B', 'i') AS l, 0.5::numeric(2, -1) AS negative_scale;
CREATE TABLE m15.scaled (a numeric(3, 5), b numeric(2, -3));
CREATE TABLE m15.parted (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE m15.parted_1 PARTITION OF m15.parted FOR VALUES IN (1);
CREATE INDEX parted_b ON m15.parted (b);
CREATE TRIGGER renamed AFTER INSERT ON m15.parted FOR EACH ROW EXECUTE FUNCTION m14.touch();
ALTER TRIGGER renamed ON m15.parted RENAME TO renamed_everywhere;
CREATE COLLATION m15.icu (provider = icu, locale = 'de');
