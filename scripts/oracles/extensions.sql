-- Thirty-six extensions of PostgreSQL's contrib, and objects that depend on them. A dump holds CREATE EXTENSION in the right schema,
-- none of the members, every object below, the privileges of members that were changed, and the rows of configuration tables.
\set ON_ERROR_STOP 1
CREATE SCHEMA ext; CREATE SCHEMA "Ext Two"; CREATE SCHEMA app;
CREATE EXTENSION hstore SCHEMA ext;            CREATE EXTENSION ltree SCHEMA "Ext Two";     CREATE EXTENSION citext SCHEMA public;
CREATE EXTENSION pgcrypto SCHEMA ext;          CREATE EXTENSION postgres_fdw SCHEMA ext;    CREATE EXTENSION file_fdw SCHEMA ext;
CREATE EXTENSION dblink SCHEMA ext;            CREATE EXTENSION pg_trgm SCHEMA ext;         CREATE EXTENSION btree_gist SCHEMA ext;
CREATE EXTENSION btree_gin SCHEMA ext;         CREATE EXTENSION "uuid-ossp" SCHEMA ext;     CREATE EXTENSION tablefunc SCHEMA ext;
CREATE EXTENSION cube SCHEMA public;           CREATE EXTENSION earthdistance SCHEMA public; CREATE EXTENSION intarray SCHEMA ext;
CREATE EXTENSION isn SCHEMA ext;               CREATE EXTENSION lo SCHEMA ext;              CREATE EXTENSION seg SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA ext;          CREATE EXTENSION dict_int SCHEMA ext;        CREATE EXTENSION dict_xsyn SCHEMA ext;
CREATE EXTENSION fuzzystrmatch SCHEMA ext;     CREATE EXTENSION bloom SCHEMA ext;           CREATE EXTENSION tsm_system_rows SCHEMA ext;
CREATE EXTENSION tcn SCHEMA ext;               CREATE EXTENSION moddatetime SCHEMA ext;     CREATE EXTENSION autoinc SCHEMA ext;
CREATE EXTENSION refint SCHEMA ext;            CREATE EXTENSION insert_username SCHEMA ext; CREATE EXTENSION pg_stat_statements SCHEMA ext;
CREATE EXTENSION pg_buffercache SCHEMA ext;    CREATE EXTENSION pgstattuple SCHEMA ext;     CREATE EXTENSION amcheck SCHEMA ext;
CREATE EXTENSION xml2 SCHEMA ext;              CREATE EXTENSION intagg SCHEMA ext;          CREATE EXTENSION adminpack;   -- adminpack lives in pg_catalog
SET search_path = app, ext, "Ext Two", public;
-- types
CREATE DOMAIN email AS citext CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE TYPE item AS (attrs hstore, path ltree, at cube);
CREATE TYPE pathrange AS RANGE (subtype = ltree);
-- tables using member types, defaults calling member functions, generated columns, all kinds of member-opclass indexes
CREATE TABLE uuids (id uuid DEFAULT uuid_generate_v4());
CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail email UNIQUE, pw text DEFAULT crypt('x', gen_salt('bf', 4)), attrs hstore DEFAULT 'a=>1'::hstore NOT NULL,
  path ltree, paths ltree[], pos cube, span seg, isbn isbn13, pic lo, tags int[], name text, name_plain text GENERATED ALWAYS AS (lower(name)) STORED, k text GENERATED ALWAYS AS (attrs -> 'k') STORED, its item[], pr pathrange);
CREATE INDEX users_attrs_gin ON users USING gin (attrs);
CREATE INDEX users_attrs_gist ON users USING gist (attrs gist_hstore_ops (siglen=32));
CREATE INDEX users_path_gist ON users USING gist (path gist_ltree_ops (siglen=100));
CREATE INDEX users_paths_gist ON users USING gist (paths);
CREATE INDEX users_name_trgm ON users USING gin (name gin_trgm_ops, lower(name) gin_trgm_ops) WHERE mail <> 'x'::citext;
CREATE INDEX users_name_trgm2 ON users USING gist (name gist_trgm_ops (siglen=64));
CREATE INDEX users_tags ON users USING gin (tags gin__int_ops);
CREATE INDEX users_tags2 ON users USING gist (tags gist__int_ops (numranges=50));
CREATE INDEX users_pos ON users USING gist (pos);
CREATE INDEX users_dim ON users USING btree (cube_dim(pos), lower(name) text_pattern_ops DESC NULLS LAST) INCLUDE (tags);
CREATE INDEX users_bloom ON users USING bloom (name, mail) WITH (length=80, col1=2);
CREATE INDEX users_ginmix ON users USING gin (name, tags);
CREATE TABLE booking (room int, during tsrange, who citext, EXCLUDE USING gist (room WITH =, during WITH &&), EXCLUDE USING gist ((who::text) gist_text_ops WITH =, room WITH <>) WHERE (room > 0)) ;
INSERT INTO users(mail,attrs,path,paths,pos,span,isbn,tags,name,its,pr) VALUES ('Bob@X.org','k=>v, "a b"=>NULL','a.b.c','{a.b,c}','(1,2),(3,4)','1.0 .. ~5','978-0-393-04002-9','{1,2,3}','Bob', array[row('x=>"y,\"z"','q.r','(1)')::item], '[a,b.c)'::pathrange), (NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO booking VALUES (1,'[2020-01-01,2020-01-02)','Ann');
-- functions, operators, aggregates, casts, views over members
CREATE FUNCTION soundish(text,text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ext.difference($1,$2)';
CREATE FUNCTION body_atomic(h hstore) RETURNS text[] LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT akeys(h) || avals(h); END;
CREATE OPERATOR ~~~> (LEFTARG = hstore, RIGHTARG = text, FUNCTION = fetchval);
CREATE AGGREGATE hstore_cat(hstore) (SFUNC = hs_concat, STYPE = hstore, INITCOND = '');
CREATE CAST (item AS hstore) WITH INOUT;
CREATE VIEW v_users AS SELECT id, mail, attrs -> 'k' AS k, nlevel(path) lv, name <-> 'bob' AS d, attrs ~~~> 'k' AS k2 FROM users WHERE path <@ 'a' AND mail = 'BOB@x.org'::citext;
CREATE MATERIALIZED VIEW mv_users AS SELECT skeys(attrs) AS key, count(*) FROM users GROUP BY 1;
CREATE VIEW v_ct AS SELECT * FROM crosstab('select 1,2,3') AS ct(a int, b int);
CREATE VIEW v_stat AS SELECT query FROM pg_stat_statements;
CREATE VIEW v_sample AS SELECT * FROM booking TABLESAMPLE system_rows(1);
-- operator class / family members added to an extension's families
CREATE FUNCTION hstore_len_cmp(hstore,hstore) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT cardinality(ext.akeys($1)) - cardinality(ext.akeys($2))';
CREATE OPERATOR FAMILY hs_len USING btree;
CREATE OPERATOR CLASS hs_len_ops FOR TYPE hstore USING btree FAMILY hs_len AS OPERATOR 1 #<#, OPERATOR 3 =, FUNCTION 1 hstore_len_cmp(hstore,hstore);
-- text search on members
CREATE TEXT SEARCH DICTIONARY ints (TEMPLATE = intdict_template, maxlen = 4, rejectlong = true);
CREATE TEXT SEARCH CONFIGURATION ts_un (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION ts_un ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;
ALTER TEXT SEARCH CONFIGURATION ts_un ALTER MAPPING FOR int, uint WITH ints;
ALTER TEXT SEARCH DICTIONARY unaccent (RULES = 'unaccent');
-- FDW
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd'); CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user 'u', password 'p''q');
CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'A b'), h hstore, l ltree) SERVER loop OPTIONS (schema_name 's', table_name 't');
CREATE FOREIGN TABLE ff (a text, b int) SERVER files OPTIONS (filename '/nonexistent', format 'csv', header 'true');
-- triggers calling members
CREATE TABLE trg (id int, mod timestamp, usr text, pic lo);
CREATE TRIGGER t1 BEFORE UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION moddatetime(mod);
CREATE TRIGGER t2 BEFORE INSERT OR UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION insert_username('usr');
CREATE TRIGGER t3 BEFORE UPDATE OR DELETE ON trg FOR EACH ROW EXECUTE FUNCTION lo_manage(pic);
CREATE TRIGGER t4 AFTER INSERT ON trg FOR EACH ROW EXECUTE FUNCTION triggered_change_notification('chan');
-- partitions with member types; inheritance
CREATE TABLE part (p citext, v hstore) PARTITION BY LIST (p); CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('A','b'); CREATE TABLE part_d PARTITION OF part DEFAULT;
INSERT INTO part VALUES ('a','x=>1'),('B',NULL),('zz','y=>2');
-- changes to members that a dump must carry (differences to pg_init_privs) ...
DO $$ BEGIN CREATE ROLE ext_reader; EXCEPTION WHEN duplicate_object THEN END $$;
REVOKE EXECUTE ON FUNCTION ext.digest(text,text) FROM public; GRANT EXECUTE ON FUNCTION ext.digest(text,text) TO ext_reader;
REVOKE SELECT ON ext.pg_stat_statements FROM public; GRANT SELECT (query) ON ext.pg_stat_statements TO ext_reader;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ext_reader; GRANT USAGE ON SCHEMA ext, "Ext Two" TO ext_reader; REVOKE USAGE ON TYPE ext.hstore FROM public;
-- ... and changes to members that pg_dump does NOT carry (expected loss; the comparison with pg_dump's own restore stays equal)
COMMENT ON FUNCTION ext.akeys(hstore) IS 'user comment on a member'; ALTER FUNCTION ext.skeys(hstore) COST 77;
COMMENT ON EXTENSION hstore IS 'our own comment';
-- user objects moved in and out of extensions: added => not dumped any more; dropped => dumped as a user object
CREATE FUNCTION app.now_member() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION hstore ADD FUNCTION app.now_member();
-- auto-dependency (deptype x): not a member, dumped with DEPENDS ON EXTENSION
CREATE FUNCTION app.dep() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION app.dep() DEPENDS ON EXTENSION hstore; ALTER INDEX users_tags DEPENDS ON EXTENSION intarray; ALTER TRIGGER t1 ON trg DEPENDS ON EXTENSION moddatetime;
ALTER FUNCTION app.dep() DEPENDS ON EXTENSION ltree;
-- security-relevant: policy & default privileges over member types
ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users TO ext_reader USING (mail = current_user::citext) WITH CHECK (attrs ? 'ok');
CREATE STATISTICS st (ndistinct, mcv) ON mail, path FROM users; CREATE STATISTICS st2 ON (attrs -> 'k'), (lower(name)) FROM users;
CREATE PUBLICATION pub FOR TABLE users (id, mail, attrs), booking WHERE (room > 3), part WITH (publish_via_partition_root);
