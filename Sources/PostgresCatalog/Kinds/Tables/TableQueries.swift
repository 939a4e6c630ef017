/// What is asked about tables and the columns of all relations.
enum TableQueries {
    /// The tables of a user's schemas, members of extensions included.
    static func tables(_ server: ServerFacts) -> String {
        """
        SELECT c.oid, n.nspname, c.relname, \(server.roleName("c.relowner")), c.relkind, \
        c.relpersistence, c.relispartition, CASE WHEN c.reloftype <> 0 \
        THEN pg_catalog.format_type(c.reloftype, NULL) END, \
        CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, \
        CASE WHEN c.relkind = 'p' THEN am.amname ELSE NULLIF(am.amname, 'heap') END, ts.spcname, c.reloptions, tc.reloptions, fs.srvname, \
        CASE WHEN ft.ftoptions IS NOT NULL THEN \(StorageOptions.foreign("ft.ftoptions")) END, \
        c.relreplident, c.relforcerowsecurity, c.relrowsecurity, \
        CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END, \
        \(server.privilegeColumns("c.relacl", type: "'r'", owner: "c.relowner")) \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid AND c.reltoastrelid <> 0 \
        LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
        LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace \
        LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid \
        LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver \
        WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' \
        AND \(server.isUserSchema("c.relnamespace"))
        """
    }

    /// Who inherits from whom, parents in their order.
    static func parents(_ server: ServerFacts) -> String {
        """
        SELECT i.inhrelid, i.inhparent, n.nspname, p.relname, i.inhdetachpending \
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent \
        JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace \
        WHERE p.relkind IN ('r', 'p', 'f') ORDER BY i.inhrelid, i.inhseqno
        """
    }

    /// The columns of tables, views and materialised views, in their order, each with what few
    /// columns have as one array: collation, statistics target, storage, compression, options,
    /// options of a foreign table's column.
    static func columns(_ server: ServerFacts) -> String {
        """
        SELECT a.attrelid, a.attnum, a.attname, \(typeName), a.attnotnull, a.attislocal, \
        a.attgenerated, CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 \
        OR a.attstattarget >= 0 OR a.attstorage <> t.typstorage OR a.attcompression <> '' \
        OR a.attoptions IS NOT NULL OR a.attfdwoptions IS NOT NULL THEN ARRAY[\
        (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) \
        FROM pg_catalog.pg_collation co \
        JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace \
        WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation), \
        CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::pg_catalog.text END, \
        CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::pg_catalog.text END, \
        NULLIF(a.attcompression, '')::pg_catalog.text, a.attoptions::pg_catalog.text, \
        CASE WHEN a.attfdwoptions IS NOT NULL THEN \(StorageOptions.foreign("a.attfdwoptions")) END] \
        END FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 \
        AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' \
        AND NOT a.attisdropped AND \(server.isUserSchema("c.relnamespace")) \
        ORDER BY a.attrelid, a.attnum
        """
    }

    /// Defaults and generation expressions of relations.
    static func values(_ server: ServerFacts) -> String {
        """
        SELECT d.oid, d.adrelid, d.adnum, pg_catalog.pg_get_expr(d.adbin, d.adrelid) \
        FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid \
        WHERE c.relpersistence <> 't' AND \(server.isUserSchema("c.relnamespace"))
        """
    }

    /// The CHECKs of tables, by name.
    static func checks(_ server: ServerFacts) -> String {
        """
        SELECT con.oid, con.conrelid, con.conname, pg_catalog.pg_get_constraintdef(con.oid), \
        con.conislocal, con.convalidated \
        FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
        WHERE con.contype = 'c' AND con.conrelid <> 0 AND c.relpersistence <> 't' \
        AND \(server.isUserSchema("c.relnamespace")) ORDER BY con.conrelid, con.conname
        """
    }

    /// The constraints behind NOT NULL, which have rows since PostgreSQL 18.
    static func notNulls(_ server: ServerFacts) -> String {
        """
        SELECT con.oid, con.conrelid, con.conkey[1], con.conname, con.conislocal, \
        con.connoinherit, con.convalidated \
        FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
        WHERE con.contype = 'n' AND con.conrelid <> 0 AND c.relpersistence <> 't' \
        AND \(server.isUserSchema("c.relnamespace"))
        """
    }

    /// An expression: the type of a column. What most columns have is written down here, for looking
    /// each of them up takes as long as all else of the query.
    private static let typeName = """
        CASE WHEN a.atttypmod = -1 THEN CASE a.atttypid WHEN 16 THEN 'boolean' \
        WHEN 20 THEN 'bigint' WHEN 23 THEN 'integer' WHEN 25 THEN 'text' WHEN 1082 THEN 'date' \
        WHEN 1114 THEN 'timestamp without time zone' \
        WHEN 1184 THEN 'timestamp with time zone' WHEN 1700 THEN 'numeric' WHEN 2950 THEN 'uuid' \
        WHEN 3802 THEN 'jsonb' ELSE pg_catalog.format_type(a.atttypid, -1) END \
        ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END
        """

    /// The privileges on columns that have some, those of members of extensions included.
    static func columnPrivileges(_ server: ServerFacts) -> String {
        """
        SELECT a.attrelid, a.attname, a.attacl::pg_catalog.text \
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
        WHERE a.attacl IS NOT NULL AND c.relpersistence <> 't' \
        AND \(server.isUserSchema("c.relnamespace")) ORDER BY a.attrelid, a.attnum
        """
    }

    /// The configuration tables and sequences of extensions, with their conditions.
    static let configuration = """
        SELECT u.relation, u.condition FROM pg_catalog.pg_extension e, \
        ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) \
        u (relation, condition)
        """

    /// Foreign keys between members of extensions, whose rows must come in their order.
    static let memberKeys = """
        SELECT con.conrelid, con.confrelid FROM pg_catalog.pg_constraint con \
        WHERE con.contype = 'f' AND con.conrelid <> con.confrelid \
        AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1259 \
        AND d.objid = con.conrelid AND d.deptype = 'e')
        """

    /// Partitioned tables whose rows may belong to another partition in another database: those by
    /// the hash of an enum, which is the hash of an OID.
    static let unstablePartitions = """
        SELECT p.partrelid FROM pg_catalog.pg_partitioned_table p WHERE p.partstrat = 'h' \
        AND EXISTS (SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am am \
        ON am.oid = o.opcmethod WHERE o.oid = ANY (p.partclass::pg_catalog.oid[]) \
        AND o.opcname = 'enum_ops' AND am.amname = 'hash' \
        AND o.opcnamespace = 11)
        """
}
