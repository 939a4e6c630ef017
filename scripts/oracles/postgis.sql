-- PostGIS with raster, topology and the geocoder, and objects that depend on them: geometries of each kind and
-- typmod, their indexes, rows that users added to the extensions' own configuration tables, and a topology.
\set ON_ERROR_STOP 1
CREATE SCHEMA app;
CREATE EXTENSION fuzzystrmatch;
CREATE EXTENSION postgis;
CREATE EXTENSION postgis_raster;
CREATE EXTENSION postgis_topology;
CREATE EXTENSION postgis_tiger_geocoder;
ALTER DATABASE :DBNAME SET search_path = app, public, topology, tiger;
SET search_path = app, public, topology;
INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
VALUES (990001, 'own', 1, 'LOCAL_CS["own"]', '+proj=longlat +datum=WGS84 +no_defs');
CREATE DOMAIN place AS geometry(Point, 4326) CHECK (ST_X(VALUE) BETWEEN -180 AND 180);
CREATE TABLE shapes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL,
    at place, line geometry(LineString, 3857), area geometry(MultiPolygonZM, 4326), any_shape geometry,
    globe geography(Point, 4326), box box2d, space box3d, picture raster,
    buffer geometry GENERATED ALWAYS AS (ST_Envelope(any_shape)) STORED,
    length double precision GENERATED ALWAYS AS (ST_Length(line)) STORED,
    CHECK (ST_IsValid(any_shape)), EXCLUDE USING gist (at WITH &&));
INSERT INTO shapes (kind, at, line, area, any_shape, globe, box, space, picture) VALUES
    ('all', 'SRID=4326;POINT(13.4 52.5)', 'SRID=3857;LINESTRING(0 0,1 1,2 1)',
     'SRID=4326;MULTIPOLYGON ZM(((0 0 1 2,1 0 1 2,1 1 1 2,0 0 1 2)))', 'GEOMETRYCOLLECTION(POINT(1 2),CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0)))',
     'POINT(-71 42)', 'BOX(0 0,1 1)', 'BOX3D(0 0 0,1 1 1)', ST_AddBand(ST_MakeEmptyRaster(4, 4, 0, 0, 1, -1, 0, 0, 4326), '8BUI'::text, 7, 0)),
    ('empty', NULL, 'SRID=3857;LINESTRING EMPTY', NULL, 'TIN EMPTY', NULL, NULL, NULL, NULL),
    ('none', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE INDEX shapes_gist ON shapes USING gist (any_shape);
CREATE INDEX shapes_nd ON shapes USING gist (area gist_geometry_ops_nd);
CREATE INDEX shapes_spgist ON shapes USING spgist (line);
CREATE INDEX shapes_brin ON shapes USING brin (any_shape brin_geometry_inclusion_ops_3d);
CREATE INDEX shapes_globe ON shapes USING gist (globe) WHERE kind <> 'none';
CREATE INDEX shapes_hull ON shapes USING gist (ST_ConvexHull(any_shape));
CREATE INDEX shapes_picture ON shapes USING gist (ST_ConvexHull(picture));
CREATE VIEW near AS SELECT s.id, ST_Distance(s.globe, t.globe) AS metres, ST_AsText(s.any_shape) FROM shapes s, shapes t;
CREATE MATERIALIZED VIEW hulls AS SELECT id, ST_Buffer(at, 1)::geometry(Polygon, 4326) AS hull FROM shapes;
CREATE INDEX hulls_gist ON hulls USING gist (hull);
CREATE FUNCTION middle(geometry) RETURNS geometry LANGUAGE sql IMMUTABLE AS 'SELECT public.ST_Centroid($1)';
CREATE INDEX shapes_middle ON shapes USING gist (middle(any_shape));
CREATE AGGREGATE joined(geometry) (sfunc = ST_Union, stype = geometry);
SELECT topology.CreateTopology('city', 4326, 0.0001);
CREATE TABLE roads (id integer PRIMARY KEY);
SELECT topology.AddTopoGeometryColumn('city', 'app', 'roads', 'way', 'LINE');
INSERT INTO roads VALUES (1, topology.toTopoGeom('SRID=4326;LINESTRING(0 0,1 1,2 0)'::geometry, 'city', 1, 0.0001));
