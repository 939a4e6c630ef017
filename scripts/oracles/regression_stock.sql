-- Points the C functions of the regression database, which are in regress.so, at ones that every server has. CREATE OR REPLACE keeps
-- what depends on them.
\set ON_ERROR_STOP 1
SET check_function_bodies = off;
CREATE OR REPLACE FUNCTION widget_in(cstring) RETURNS widget LANGUAGE internal STRICT IMMUTABLE AS 'circle_in';
CREATE OR REPLACE FUNCTION widget_out(widget) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'circle_out';
CREATE OR REPLACE FUNCTION int44in(cstring) RETURNS city_budget LANGUAGE internal STRICT IMMUTABLE AS 'uuid_in';
CREATE OR REPLACE FUNCTION int44out(city_budget) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'uuid_out';
CREATE OR REPLACE FUNCTION pt_in_widget(point,widget) RETURNS bool LANGUAGE internal STRICT AS 'pt_contained_circle';
CREATE OR REPLACE FUNCTION interpt_pp(path,path) RETURNS point LANGUAGE sql STRICT AS 'SELECT point(0,0)';
CREATE OR REPLACE FUNCTION binary_coercible(oid,oid) RETURNS bool LANGUAGE internal STRICT STABLE PARALLEL SAFE AS 'oideq';
CREATE OR REPLACE FUNCTION get_columns_length(oid[]) RETURNS int LANGUAGE internal STRICT STABLE PARALLEL SAFE AS 'array_ndims';
CREATE OR REPLACE FUNCTION ttdummy() RETURNS trigger LANGUAGE internal AS 'suppress_redundant_updates_trigger';
CREATE OR REPLACE FUNCTION trigger_return_old() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE OR REPLACE FUNCTION set_ttdummy(int) RETURNS int LANGUAGE internal STRICT AS 'int4um';
CREATE OR REPLACE FUNCTION test_atomic_ops() RETURNS bool LANGUAGE internal AS 'pg_is_in_recovery';
CREATE OR REPLACE FUNCTION test_opclass_options_func(internal) RETURNS void LANGUAGE internal AS 'gtsvector_options';
CREATE OR REPLACE FUNCTION overpaid(emp) RETURNS bool LANGUAGE sql STRICT AS 'SELECT $1.salary > 699';
CREATE OR REPLACE FUNCTION reverse_name(name) RETURNS name LANGUAGE sql STRICT AS 'SELECT reverse($1::text)::name';
CREATE OR REPLACE FUNCTION test_canonicalize_path(text) RETURNS text LANGUAGE internal STRICT IMMUTABLE AS 'upper';
CREATE OR REPLACE FUNCTION test_support_func(internal) RETURNS internal LANGUAGE internal STRICT AS 'generate_series_int4_support';
CREATE OR REPLACE FUNCTION test_fdw_handler() RETURNS fdw_handler LANGUAGE c AS '$libdir/postgres_fdw', 'postgres_fdw_handler';
CREATE OR REPLACE FUNCTION make_tuple_indirect(record) RETURNS record LANGUAGE plpgsql STRICT AS 'BEGIN RETURN $1; END';
CREATE OR REPLACE FUNCTION test_enc_setup() RETURNS void LANGUAGE sql STRICT AS 'SELECT';
DO $$ DECLARE r text; BEGIN
 SELECT pg_get_functiondef('test_enc_conversion(bytea,name,name,boolean)'::regprocedure) INTO r;
 r := regexp_replace(r, 'LANGUAGE c', 'LANGUAGE sql');
 r := regexp_replace(r, 'AS .*$', 'AS ''SELECT length($1), $1''');
 EXECUTE r; END $$;
CREATE OR REPLACE FUNCTION autoinc() RETURNS trigger LANGUAGE c AS '$libdir/autoinc', 'autoinc';
CREATE OR REPLACE FUNCTION check_primary_key() RETURNS trigger LANGUAGE c AS '$libdir/refint', 'check_primary_key';
CREATE OR REPLACE FUNCTION check_foreign_key() RETURNS trigger LANGUAGE c AS '$libdir/refint', 'check_foreign_key';
