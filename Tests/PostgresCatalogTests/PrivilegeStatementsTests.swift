import Database
import Testing

@testable import PostgresCatalog

/// One object with privileges that are hard to bring back.
struct PrivilegeCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// What makes the object, owned by `{owner}`.
    var creation: [String]
    /// What gives it its privileges.
    var grants: [String]
    /// How GRANT calls it.
    var target = "TABLE public.t"
    /// The query for list, default and owner.
    var query = "SELECT relacl, acldefault('r', relowner) FROM pg_class WHERE relname = 't'"

    static let table = [
        "CREATE TABLE public.t (a int, b int)", "ALTER TABLE public.t OWNER TO {owner}",
    ]

    static func function(_ kind: String, _ creation: String) -> Self {
        Self(
            testDescription: "a \(kind.lowercased()) that PUBLIC may not run",
            creation: [creation, "ALTER \(kind) public.f(int) OWNER TO {owner}"],
            grants: [
                "REVOKE ALL ON \(kind) public.f(int) FROM PUBLIC",
                "GRANT ALL ON \(kind) public.f(int) TO {a}",
            ], target: "\(kind) public.f(integer)",
            query: "SELECT proacl, acldefault('f', proowner) FROM pg_proc WHERE proname = 'f'")
    }

    static let all: [Self] = [
        Self(testDescription: "a table without any GRANT", creation: table, grants: []),
        Self(
            testDescription: "a table of which everybody lost everything", creation: table,
            grants: ["REVOKE ALL ON public.t FROM {owner}"]),
        Self(
            testDescription: "a table whose owner lost one privilege", creation: table,
            grants: [
                "REVOKE DELETE ON public.t FROM {owner}", "GRANT SELECT ON public.t TO PUBLIC",
            ]),
        Self(
            testDescription: "a table whose owner can grant to itself", creation: table,
            grants: ["GRANT UPDATE ON public.t TO {owner} WITH GRANT OPTION"]),
        Self(
            testDescription: "a table with a chain of grantors", creation: table,
            grants: [
                "GRANT SELECT, INSERT ON public.t TO {z} WITH GRANT OPTION", "SET ROLE {z}",
                "GRANT SELECT ON public.t TO {m} WITH GRANT OPTION",
                "GRANT INSERT ON public.t TO PUBLIC", "SET ROLE {m}",
                "GRANT SELECT ON public.t TO {a}", "RESET ROLE",
                "REVOKE ALL ON public.t FROM {owner}",
            ]),
        Self(
            testDescription: "a table that two roles grant each other parts of", creation: table,
            grants: [
                "GRANT SELECT ON public.t TO {a} WITH GRANT OPTION",
                "GRANT INSERT ON public.t TO {m} WITH GRANT OPTION", "SET ROLE {m}",
                "GRANT INSERT ON public.t TO {a} WITH GRANT OPTION", "SET ROLE {a}",
                "GRANT SELECT ON public.t TO {m} WITH GRANT OPTION",
                "GRANT INSERT ON public.t TO {z}", "SET ROLE {m}",
                "GRANT SELECT ON public.t TO {z}", "RESET ROLE",
            ]),
        Self(
            testDescription: "a table with some and all privileges, granted on or not",
            creation: table,
            grants: [
                "GRANT ALL ON public.t TO {a}", "GRANT ALL ON public.t TO {m} WITH GRANT OPTION",
                "GRANT ALL ON public.t TO {z} WITH GRANT OPTION",
                "REVOKE GRANT OPTION FOR SELECT ON public.t FROM {z}",
            ]),
        Self(
            testDescription: "a sequence",
            creation: [
                "CREATE SEQUENCE public.s", "ALTER SEQUENCE public.s OWNER TO {owner}",
            ], grants: ["GRANT USAGE ON SEQUENCE public.s TO {a}"], target: "SEQUENCE public.s",
            query: "SELECT relacl, acldefault('s', relowner) FROM pg_class WHERE relname = 's'"),
        function(
            "FUNCTION", "CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        function("PROCEDURE", "CREATE PROCEDURE public.f(int) LANGUAGE sql AS 'SELECT 1'"),
        Self(
            testDescription: "a schema", creation: ["CREATE SCHEMA s AUTHORIZATION {owner}"],
            grants: ["GRANT USAGE ON SCHEMA s TO PUBLIC", "GRANT CREATE ON SCHEMA s TO {a}"],
            target: "SCHEMA s",
            query: "SELECT nspacl, acldefault('n', nspowner) FROM pg_namespace WHERE nspname = 's'"),
        Self(
            testDescription: "a type that PUBLIC may not use",
            creation: [
                "CREATE DOMAIN public.d AS int", "ALTER DOMAIN public.d OWNER TO {owner}",
            ], grants: ["REVOKE USAGE ON TYPE public.d FROM PUBLIC"], target: "TYPE public.d",
            query: "SELECT typacl, acldefault('T', typowner) FROM pg_type WHERE typname = 'd'"),
        Self(
            testDescription: "a large object",
            creation: ["SELECT lo_create(7)", "ALTER LARGE OBJECT 7 OWNER TO {owner}"],
            grants: ["GRANT SELECT ON LARGE OBJECT 7 TO {a} WITH GRANT OPTION"],
            target: "LARGE OBJECT 7",
            query: """
                SELECT lomacl, acldefault('L', lomowner) FROM pg_largeobject_metadata WHERE oid = 7
                """),
    ]
}

@Suite("Statements for privileges")
struct PrivilegeStatementsTests {
    private let roles = ["owner", "a", "m", "z"]

    @Test(arguments: PrivilegeCase.all, [false, true])
    func `give a new object what the old one has`(_ example: PrivilegeCase, odd: Bool) throws {
        let scene = try CatalogScene(roles: roles, isOdd: odd)
        try scene.prepare(example.creation + example.grants)
        let row = try #require(try scene.source.query(example.query).rows.first)
        let privileges = ObjectPrivileges(
            target: example.target, owner: scene.name("owner"), acl: row[0].string,
            base: row[1].string)
        for statement in example.creation { try scene.target.query(scene.filled(statement)) }
        for statement in privileges.statements() { try scene.target.query(statement.sql) }
        let copy = try #require(try scene.target.query(example.query).rows.first)
        #expect(row[0].isNull == copy[0].isNull)
        #expect(
            row[0].string.flatMap(AccessControlList.init)
                == copy[0].string.flatMap(AccessControlList.init))
        #expect(privileges.statements().isEmpty == row[0].isNull)
    }

    @Test func `of columns come after those of their table, which would take them along`() throws {
        let scene = try CatalogScene(roles: roles)
        try scene.prepare(
            PrivilegeCase.table + [
                "REVOKE SELECT ON public.t FROM {owner}", "GRANT SELECT (a) ON public.t TO {owner}",
                "GRANT INSERT (a, b), UPDATE (b) ON public.t TO {a} WITH GRANT OPTION",
                "SET ROLE {a}", "GRANT UPDATE (b) ON public.t TO {m}", "RESET ROLE",
            ])
        let query =
            "SELECT attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL"
            + " AND attrelid = 'public.t'::regclass ORDER BY attnum"
        let rows = try scene.source.query(query).rows
        let table = try #require(
            try scene.source.query(PrivilegeCase.all[0].query).rows.first)
        let privileges = ObjectPrivileges(
            target: "TABLE public.t", owner: scene.name("owner"), acl: table[0].string,
            base: table[1].string,
            columns: rows.map {
                .init(name: $0[0].string ?? "", acl: $0[1].string ?? "", base: "{}")
            })
        for statement in PrivilegeCase.table { try scene.target.query(scene.filled(statement)) }
        for statement in privileges.statements() { try scene.target.query(statement.sql) }
        #expect(rows.count == 2)
        #expect(try scene.target.query(query).rows == rows)
    }

    @Test func `name the roles without which they fail`() throws {
        let target = PrivilegeTarget(.table, "public.t", owner: "o", hasMaintain: false)
        let base = try #require(AccessControlList("{}"))
        let wanted = try #require(AccessControlList("{a=r*/o,b=r/a,=r/a}"))
        let statements = target.statements(from: base, to: wanted)
        #expect(
            statements == [
                SchemaStatement(
                    "GRANT SELECT ON TABLE public.t TO a WITH GRANT OPTION", roles: ["a"]),
                SchemaStatement("SET SESSION AUTHORIZATION a", roles: ["a"]),
                SchemaStatement("GRANT SELECT ON TABLE public.t TO PUBLIC", roles: ["a"]),
                SchemaStatement("GRANT SELECT ON TABLE public.t TO b", roles: ["a", "b"]),
                SchemaStatement("RESET SESSION AUTHORIZATION", roles: ["a"]),
            ])
    }

    @Test(arguments: [
        (false, "{a=arwdDxt/o}", "GRANT ALL ON TABLE public.t TO a"),
        (
            true, "{a=arwdDxt/o}",
            "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE public.t TO a"
        ),
        (true, "{a=m/o}", "GRANT MAINTAIN ON TABLE public.t TO a"),
        (true, "{a=arwdDxtm/o}", "GRANT ALL ON TABLE public.t TO a"),
    ])
    func `mean by ALL what the server that they are from means`(
        hasMaintain: Bool, acl: String, statement: String
    ) throws {
        let target = PrivilegeTarget(.table, "public.t", owner: "o", hasMaintain: hasMaintain)
        let wanted = try #require(AccessControlList(acl))
        #expect(
            target.statements(from: AccessControlList(), to: wanted).map(\.sql) == [statement])
    }
}
