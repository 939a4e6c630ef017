-- What PostgreSQL 16 added to what a dump has to carry.
CREATE SCHEMA m16;
CREATE COLLATION m16.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W');
CREATE TABLE m16.stored (a text STORAGE EXTERNAL, b jsonb STORAGE MAIN COMPRESSION lz4, c text STORAGE DEFAULT);
CREATE STATISTICS ON a, c FROM m16.stored;
CREATE VIEW m16.json AS SELECT JSON_ARRAY(1, NULL, 2 ABSENT ON NULL) AS a, JSON_OBJECT('k': 1, 'l': NULL NULL ON NULL WITH UNIQUE KEYS RETURNING jsonb) AS o,
    '{}' IS JSON OBJECT WITH UNIQUE KEYS AS i, (SELECT JSON_ARRAYAGG(x ORDER BY x RETURNING jsonb) FROM generate_series(1, 3) x) AS g,
    (SELECT JSON_OBJECTAGG(x: x + 1 ABSENT ON NULL) FROM generate_series(1, 3) x) AS h, JSON_ARRAY(SELECT a FROM m16.stored) AS q;
CREATE VIEW m16.numbers AS SELECT 0x2A AS hex, 0b101 AS bin, 1_000_000 AS big, any_value(a) AS any, random_normal() AS r FROM m16.stored GROUP BY c;
CREATE VIEW m16.unaliased AS SELECT * FROM (SELECT 1 AS one);
CREATE VIEW m16.users AS SELECT current_user AS cu, system_user AS su, session_user AS se;
CREATE TABLE m16.parent (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE m16.child (b int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (m16.parent);
CREATE SUBSCRIPTION m16_subscription CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, origin = none, password_required = false, run_as_owner = true, streaming = parallel);
ALTER DATABASE majors SET debug_parallel_query TO off;
