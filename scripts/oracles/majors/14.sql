-- What PostgreSQL 14 added to what a dump has to carry.
CREATE ROLE regress_majors_owner;
CREATE ROLE regress_majors_reader;
CREATE SCHEMA m14;
CREATE TYPE m14.span AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = m14.spans);
CREATE TYPE m14.dates AS RANGE (subtype = date);
CREATE TABLE m14.ranges (s m14.spans, d m14.dates_multirange DEFAULT '{}', i int4multirange);
INSERT INTO m14.ranges VALUES ('{[1,2),[3,4]}', '{[2020-01-01,2020-02-01)}', '{[1,5),[9,)}');
COMMENT ON TYPE m14.spans IS 'a multirange';
GRANT USAGE ON TYPE m14.span TO regress_majors_reader;
CREATE TABLE m14.compressed (a text COMPRESSION pglz, b text COMPRESSION lz4, c text);
INSERT INTO m14.compressed SELECT repeat('x', 5000), repeat('y', 5000), repeat('z', 5000);
CREATE FUNCTION m14.twice(i int) RETURNS int LANGUAGE sql IMMUTABLE RETURN i * 2;
CREATE FUNCTION m14.parsed(text) RETURNS SETOF m14.compressed LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM m14.compressed WHERE a = $1;
    SELECT c, b, a FROM m14.compressed;
END;
CREATE PROCEDURE m14.results(a int, OUT b int, INOUT c text) LANGUAGE plpgsql AS $$BEGIN b := a * 2; END$$;
CREATE STATISTICS m14.of_expressions ON (a || b), lower(c), b FROM m14.compressed;
CREATE STATISTICS m14.of_one ON (lower(a)) FROM m14.compressed;
CREATE TABLE m14.points (p point, n int, at int4range);
CREATE INDEX points_covering ON m14.points USING spgist (p) INCLUDE (n);
CREATE FUNCTION m14.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE OR REPLACE TRIGGER touched BEFORE INSERT ON m14.points FOR EACH ROW EXECUTE FUNCTION m14.touch();
CREATE TABLE m14.tree (id int PRIMARY KEY, parent int REFERENCES m14.tree);
CREATE VIEW m14.searched AS
WITH RECURSIVE t (id, parent) AS (
    SELECT id, parent FROM m14.tree WHERE parent IS NULL
    UNION ALL SELECT c.id, c.parent FROM m14.tree c JOIN t ON c.parent = t.id
) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET looped TO 1 DEFAULT 0 USING path
SELECT id, looped FROM t ORDER BY ord;
CREATE VIEW m14.grouped AS
SELECT parent, id, count(*) AS n FROM m14.tree AS t GROUP BY DISTINCT ROLLUP (parent, id), ROLLUP (parent);
CREATE VIEW m14.joined AS SELECT x.id FROM (m14.tree a JOIN m14.tree b USING (id) AS x);
CREATE VIEW m14.parts AS SELECT extract(epoch FROM '2020-01-01'::timestamp) AS e, date_bin('15 minutes', now(), now()) AS b,
    (('{"a": 1}'::jsonb)['a'])::int AS j, trim_array(ARRAY[1, 2], 1) AS r, bit_xor(id) OVER () AS x, unistr('\0041') AS u FROM m14.tree;
CREATE AGGREGATE m14.gather(anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}');
CREATE TABLE m14.log (at timestamptz, what text) PARTITION BY RANGE (at);
CREATE TABLE m14.log_2020 PARTITION OF m14.log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') WITH (parallel_workers = 2);
ALTER TABLE m14.log_2020 ALTER what SET COMPRESSION pglz;
CREATE DOMAIN m14.subscripted AS jsonb CHECK (VALUE['a'] IS NOT NULL);
SELECT pg_catalog.lo_create(1400);
GRANT SELECT ON LARGE OBJECT 1400 TO regress_majors_reader;
CREATE SUBSCRIPTION m14_subscription CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE, binary = true, streaming = true);
