-- What PostgreSQL 17 added to what a dump has to carry.
CREATE SCHEMA m17;
CREATE COLLATION m17.builtin_c (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE m17.kept (a text COLLATE m17.builtin_c, b int);
GRANT ALL ON m17.kept TO regress_majors_owner WITH GRANT OPTION;
REVOKE MAINTAIN ON m17.kept FROM regress_majors_owner;
GRANT MAINTAIN ON m17.kept TO regress_majors_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA m17 GRANT MAINTAIN, SELECT ON TABLES TO regress_majors_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_majors_owner REVOKE MAINTAIN ON TABLES FROM regress_majors_owner;
CREATE TABLE m17.identified (a bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5), at date) PARTITION BY RANGE (at);
CREATE TABLE m17.identified_1 PARTITION OF m17.identified FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO m17.identified (at) SELECT '2024-05-05' FROM generate_series(1, 3);
CREATE ACCESS METHOD m17_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE m17.methods (a int) PARTITION BY LIST (a) USING m17_heap;
CREATE TABLE m17.methods_1 PARTITION OF m17.methods FOR VALUES IN (1);
CREATE TABLE m17.methods_2 PARTITION OF m17.methods FOR VALUES IN (2) USING heap;
CREATE TABLE m17.excluded (a int, b int4range, EXCLUDE USING gist (b WITH &&) WHERE (a > 0));
CREATE TABLE m17.parted_exclusion (a int4range, b int, EXCLUDE USING btree (b WITH =)) PARTITION BY LIST (b);
CREATE DOMAIN m17.required AS int CONSTRAINT is_there NOT NULL CONSTRAINT is_positive CHECK (VALUE > 0);
COMMENT ON CONSTRAINT is_there ON DOMAIN m17.required IS 'a name for NOT NULL';
CREATE TABLE m17.targets (a int, b int);
ALTER TABLE m17.targets ALTER a SET STATISTICS 0, ALTER b SET STATISTICS DEFAULT;
CREATE STATISTICS m17.targeted ON a, b FROM m17.targets;
ALTER STATISTICS m17.targeted SET STATISTICS 17;
CREATE FUNCTION m17.logged_in() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER m17_login ON login EXECUTE FUNCTION m17.logged_in();
ALTER EVENT TRIGGER m17_login DISABLE;
CREATE EVENT TRIGGER m17_reindex ON ddl_command_start WHEN TAG IN ('REINDEX') EXECUTE FUNCTION m17.logged_in();
ALTER EVENT TRIGGER m17_reindex DISABLE;
CREATE VIEW m17.json AS SELECT jt.n, jt.a, jt.f, jt.c AS inner_c, JSON_EXISTS(d, '$.a ? (@ > $x)' PASSING 1 AS x) AS e, JSON_VALUE(d, '$.a' RETURNING int DEFAULT 0 ON EMPTY ERROR ON ERROR) AS v,
    JSON_QUERY(d, '$.b' WITH CONDITIONAL WRAPPER KEEP QUOTES EMPTY ARRAY ON EMPTY) AS q, JSON('{"a": 1}') AS j, JSON_SERIALIZE(d RETURNING bytea) AS s, JSON_SCALAR(1) AS c
FROM (SELECT '{"a": 1, "b": [{"c": 2}]}'::jsonb AS d) x, JSON_TABLE(d, '$' AS root COLUMNS (n FOR ORDINALITY, a int PATH '$.a',
    f text FORMAT JSON PATH '$.b' OMIT QUOTES, NESTED PATH '$.b[*]' AS inner_path COLUMNS (c int EXISTS PATH '$.c'))) jt;
CREATE FUNCTION m17.merging() RETURNS SETOF text LANGUAGE sql
BEGIN ATOMIC
    MERGE INTO m17.targets t USING m17.kept k ON t.b = k.b
    WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN MATCHED THEN UPDATE SET a = 1 RETURNING merge_action();
END;
CREATE VIEW m17.at_local AS SELECT now() AT LOCAL AS t, to_bin(5) AS b, uuid_extract_version(gen_random_uuid()) AS u;
CREATE TABLE m17.intervals (i interval DEFAULT 'infinity');
INSERT INTO m17.intervals VALUES ('infinity'), ('-infinity'), ('1 year 2 days');
ALTER TABLE m16.parent ALTER b SET EXPRESSION AS (a * 5);
CREATE SUBSCRIPTION m17_subscription CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, failover = true);
ALTER DATABASE majors SET transaction_timeout TO '1h';
