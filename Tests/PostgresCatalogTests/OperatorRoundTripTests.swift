import Database
import PostgresCatalog
import Testing

@Suite("Operators in a copy")
struct OperatorRoundTripTests {
    private let functions = [
        "CREATE SCHEMA ops", "CREATE DOMAIN ops.num AS int",
        "CREATE FUNCTION ops.lt(int, bigint) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT "
            + "AS 'int48lt'",
        "CREATE FUNCTION ops.gt(bigint, int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT "
            + "AS 'int84gt'",
        "CREATE FUNCTION ops.ge(int, bigint) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT "
            + "AS 'int48ge'",
    ]

    @Test func `find commutators and negators in other schemas`() throws {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare(
            functions
                + [
                    "CREATE SCHEMA zzz",
                    """
                    CREATE OPERATOR ops.<<< (FUNCTION = ops.lt, LEFTARG = int, RIGHTARG = bigint, \
                    COMMUTATOR = OPERATOR(zzz.>>>), NEGATOR = OPERATOR(ops.>>=), RESTRICT = scalarltsel, \
                    JOIN = scalarltjoinsel)
                    """,
                    "CREATE OPERATOR zzz.>>> (FUNCTION = ops.gt, LEFTARG = bigint, RIGHTARG = int, "
                        + "COMMUTATOR = OPERATOR(ops.<<<))",
                    "CREATE OPERATOR ops.>>= (FUNCTION = ops.ge, LEFTARG = int, RIGHTARG = bigint, "
                        + "NEGATOR = OPERATOR(ops.<<<))",
                    "CREATE OPERATOR ops.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, "
                        + "COMMUTATOR = OPERATOR(ops.===), MERGES, HASHES)",
                    "CREATE OPERATOR ops.@@@ (FUNCTION = int4abs, RIGHTARG = int)",
                    "COMMENT ON OPERATOR ops.@@@ (NONE, int) IS 'without sign'",
                    "ALTER OPERATOR ops.@@@ (NONE, int) OWNER TO {app}",
                    "CREATE OPERATOR ops.?? (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, "
                        + "COMMUTATOR = OPERATOR(ops.???))",
                ])
        try scene.roundTrip()
    }

    @Test
    func `keep classes and families, with members tied or loose, in the server's families too`()
        throws
    {
        let scene = try CatalogScene(roles: ["app"])
        try scene.prepare(
            functions + [
                "CREATE OPERATOR FAMILY ops.fam USING btree",
                """
                CREATE OPERATOR CLASS ops.backwards FOR TYPE int USING btree FAMILY ops.fam AS \
                OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, \
                FUNCTION 1 btint4cmp(int, int)
                """,
                "CREATE OPERATOR CLASS ops.alone FOR TYPE bigint USING btree AS STORAGE bigint",
                """
                CREATE OPERATOR CLASS ops.near FOR TYPE point USING gist AS \
                OPERATOR 15 <-> (point, point) FOR ORDER BY float_ops, \
                FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal)
                """,
                "ALTER OPERATOR FAMILY ops.fam USING btree ADD OPERATOR 1 > (int, bigint), "
                    + "FUNCTION 1 (int, bigint) btint48cmp(int, bigint)",
                "COMMENT ON OPERATOR CLASS ops.backwards USING btree IS 'descending'",
                "ALTER OPERATOR FAMILY ops.fam USING btree OWNER TO {app}",
                "CREATE ACCESS METHOD gist2 TYPE INDEX HANDLER gisthandler",
                "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler",
                "COMMENT ON ACCESS METHOD heap2 IS 'a heap'",
                """
                CREATE FUNCTION ops.compare(int, oid) RETURNS int LANGUAGE sql IMMUTABLE \
                AS 'SELECT 0'
                """,
                "CREATE FUNCTION ops.same(int, oid) RETURNS boolean LANGUAGE sql IMMUTABLE "
                    + "AS 'SELECT true'",
                "CREATE OPERATOR ops.= (FUNCTION = ops.same, LEFTARG = int, RIGHTARG = oid)",
                """
                ALTER OPERATOR FAMILY pg_catalog.integer_ops USING btree ADD \
                OPERATOR 3 ops.= (int, oid), FUNCTION 1 (int, oid) ops.compare(int, oid)
                """,
            ])
        let model = try scene.roundTrip()
        #expect(
            model.entries.contains { $0.schema == "pg_catalog" && $0.name.hasPrefix("integer_ops") }
        )
    }
}
