/// Scripts as people and pg_dump write them, for a database with a table `t (a text)`. Comments
/// within statements have the form that `squeezed` knows.
let realPostgresScripts = [
    #"""
    --
    -- PostgreSQL database dump
    --

    SET statement_timeout = 0;
    SET client_encoding = 'UTF8';
    SET standard_conforming_strings = on;
    SELECT pg_catalog.set_config('search_path', '', false);

    CREATE TYPE public.order_state AS ENUM (
        'new',
        'it''s; paid',
        'shipped'
    );

    CREATE TABLE public.orders (
        id bigint NOT NULL,
        state public.order_state DEFAULT 'new'::public.order_state NOT NULL,
        note text DEFAULT E'a\\b;\'c'::text,
        CONSTRAINT orders_note_check CHECK ((note <> ';'::text))
    );

    COMMENT ON TABLE public.orders IS 'One row an order; see "docs".';

    COPY public.orders (id, state, note) FROM stdin;
    1	new	plain; text -- no comment
    2	shipped	it's \\. and \N
    3	new	\N
    \.

    SELECT pg_catalog.setval('public.orders_id_seq', 3, true);

    ALTER TABLE ONLY public.orders
        ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

    --
    -- PostgreSQL database dump complete
    --
    """#,
    #"""
    BEGIN;
    /*~ An audit trail; /* nested; */ kept by a trigger. ~*/
    CREATE TABLE audit (id serial, what text, at timestamptz DEFAULT now());

    CREATE OR REPLACE FUNCTION note_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $function$
    DECLARE
        query text := $q$SELECT ';' || $1$q$;
    BEGIN
        -- don't stop at this ';'
        IF TG_OP = 'DELETE' THEN
            INSERT INTO audit (what) VALUES ('gone; ' || OLD.a);
            RETURN OLD;
        END IF;
        RETURN NEW;
    END;
    $function$;

    CREATE TRIGGER t_audit BEFORE DELETE ON t
        FOR EACH ROW EXECUTE FUNCTION note_change();

    CREATE FUNCTION recent(n integer DEFAULT 10) RETURNS SETOF audit
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT id, CASE WHEN what LIKE ';%' THEN 'odd;' ELSE what END, at
            FROM audit ORDER BY at DESC LIMIT n;
    END;

    CREATE RULE t_twice AS ON INSERT TO t DO ALSO (
        INSERT INTO audit (what) VALUES ('added; ' || NEW.a);
        NOTIFY changed;
    );

    DO $$ BEGIN PERFORM 1; END $$;
    COMMIT;
    """#,
    #"""
    -- Fill in, then tighten.
    UPDATE t SET a = replace(a, '\', '/') WHERE a ~ '^[;\\]' OR a @> '{}' ;
    SELECT 'one'
        ';two' AS glued, U&'d\0061t;a' UESCAPE '\', B'01', X'1F', "weird;name"
        FROM (VALUES (1)) AS v ("weird;name");
    SET standard_conforming_strings = off;
    INSERT INTO t VALUES ('it\'s; fine'), ('\\');
    SET standard_conforming_strings TO on;
    INSERT INTO t VALUES ('C:\'), ('D:\');
    SELECT 2*-3, 4 !=-5, @-6, '{1,2}'::int[] && '{;}', (ARRAY[1,2,3])[1:2];
    SELECT 5 /*~ minus; ~*/ - /*~ ; ~*/ 3--~trailing; comment~
    + 1
    """#,
]

/// A script as people write them for SQLite.
let realSQLiteScript = #"""
    PRAGMA foreign_keys = OFF;
    BEGIN TRANSACTION;
    CREATE TABLE [order] (
        id INTEGER PRIMARY KEY, -- the number; unique
        "state;" TEXT NOT NULL DEFAULT 'new; unpaid',
        `note` TEXT CHECK (note <> ';') /* no ; */
    );
    CREATE TABLE log (what TEXT);
    CREATE TRIGGER IF NOT EXISTS order_state AFTER UPDATE OF "state;" ON [order]
    WHEN old."state;" <> new."state;"
    BEGIN
        INSERT INTO log VALUES (CASE WHEN new.note IS NULL THEN 'END;' ELSE new.note END);
        -- END;
        UPDATE [order] SET note = 'it''s; done' WHERE id = new.id;
    END;
    INSERT INTO [order] (id, note) VALUES (1, 'C:\'), (2, x'3B' || '--');
    CREATE VIEW "begin" AS SELECT id AS [end;] FROM [order];
    COMMIT;
    PRAGMA foreign_keys = ON;
    SELECT count(*) FROM [order] /* the end
    """#
