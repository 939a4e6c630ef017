import Database
import Migrations
import TestSupport
import Testing

/// Queries of a `.verify.sql`, and checks before the commit.
@Suite struct VerifyQueryTests {
    private let table =
        "CREATE TABLE a (i integer, t text);\nINSERT INTO a VALUES (1, 'x'), (2, NULL);"

    @Test(arguments: Dialect.allCases)
    func `a query that returns no row lets the migration pass`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: table,
            verify:
                "-- Nothing negative.\nSELECT * FROM a WHERE i < 0;\nSELECT 1 FROM a WHERE i > 5;")
        #expect(try project.up().appliedVersions == ["1"])
    }

    @Test(arguments: Dialect.allCases, [false, true])
    func `rows are shown, and the migration is rolled back`(
        dialect: Dialect, together: Bool
    ) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: table,
            verify: "SELECT 1 FROM a WHERE i < 0;\n\n  SELECT i, t FROM a ORDER BY i;")
        let error = try failure { try project.up { $0.settings.isOneTransaction = together } }
        #expect(error.code == .verificationFailed)
        #expect(error.message == "the verify query returned 2 rows: i=1 t=x; i=2 t=NULL")
        #expect(error.failed?.place == "1_a.verify.sql:3:3")
        #expect(error.hint == "1 was rolled back.")
        #expect(try project.tables() == [])
        #expect(try project.applied() == [])
        #expect(try project.log().last?["error"]?.contains("returned 2 rows") == true)
    }

    @Test(arguments: Dialect.allCases)
    func `of many rows a few are shown and all are counted`(dialect: Dialect) throws {
        let project = try Project(dialect)
        let many = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            SELECT i FROM n ORDER BY i
            """
        try project.write("1_a", up: table, verify: many)
        let error = try failure { try project.up() }
        #expect(error.message == "the verify query returned 20000 rows: i=1; i=2; i=3; …")
    }

    @Test(arguments: Dialect.allCases)
    func `a query that fails is a failure of the migration, in the verify file`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: table, verify: "SELECT 'é', nowhere FROM a;")
        let error = try failure { try project.up() }
        #expect(error.code == .migrationFailed)
        #expect(error.failed?.place == "1_a.verify.sql:1:13")
        #expect(try project.tables() == [])
    }

    @Test(
        arguments: Dialect.allCases,
        [
            "INSERT INTO a VALUES (3, 'y');", "DELETE FROM a;", "CREATE TABLE b (i integer);",
            "DROP TABLE a;", "UPDATE a SET t = 'z' WHERE i = 1;",
        ])
    func `a verify file must not write`(dialect: Dialect, text: String) throws {
        for directive in ["", "-- migrate: no-transaction\n"] {
            let project = try Project(dialect)
            try project.write(
                "1_a", up: directive + table, verify: "SELECT 1 FROM a WHERE false;\n\(text)")
            let error = try failure { try project.up() }
            #expect(error.code == .migrationFailed || error.code == .stoppedPartWay)
            #expect(error.failed?.place == "1_a.verify.sql:2:1")
            #expect(error.failed?.databaseError?.code == .readOnly)
            #expect(try project.applied() == [])
            #expect(
                try project.tables() == (directive.isEmpty ? [] : ["a"]))
            if !directive.isEmpty {
                #expect(
                    try project.sql("SELECT i, t FROM a ORDER BY i") == [["1", "x"], ["2", nil]])
            }
        }
    }

    @Test func `nor may a function that it calls`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: """
                CREATE TABLE a (i integer);
                CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql AS
                  'INSERT INTO a VALUES (1); SELECT 1 WHERE false';
                """, verify: "SELECT * FROM f();")
        let error = try failure { try project.up() }
        #expect(error.failed?.databaseError?.code == .readOnly)
        #expect(try project.tables() == [])
    }

    @Test(arguments: Dialect.allCases)
    func `verify files run with the up and not with the down`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: table, down: "DROP TABLE a;", verify: "SELECT 1 FROM a WHERE i > 2;")
        try project.up()
        #expect(try project.down().revertedVersions == ["1"])
    }

    @Test(arguments: Dialect.allCases)
    func `without a transaction, what ran stays, and the next run goes on with the queries`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a", up: "-- migrate: no-transaction\n" + table,
            verify: "SELECT * FROM a WHERE i = 2;")
        let error = try failure { try project.up() }
        #expect(error.code == .verificationFailed)
        #expect(error.hint == "1 runs without a transaction, so what it did stays.")
        #expect(try project.states() == ["1": .failedPartWay])
        #expect(try failure { try project.up() }.code == .verificationFailed)
        try project.sql("DELETE FROM a WHERE i = 2")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.sql("SELECT i FROM a") == [["1"]])
    }

    @Test(arguments: Dialect.allCases, [false, true])
    func `a finding of a check before the commit rolls the migration back`(
        dialect: Dialect, together: Bool
    ) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: table)
        var rows: Int64?
        let error = try failure {
            try project.up { context in
                context.settings.isOneTransaction = together
                context.commitChecks = CommitChecks(
                    prepare: { _ in },
                    inspect: { connection, _ throws(DatabaseError) in
                        rows = try connection.query("SELECT count(*) FROM a").rows[0][0].integer
                        return [
                            CheckFinding(
                                check: "rows", isBlocking: true, object: "table a",
                                problem: "has rows")
                        ]
                    })
            }
        }
        #expect(rows == 2)
        #expect(error.code == .verificationFailed)
        #expect(error.message == "table a: has rows")
        #expect(try project.tables() == [])
        #expect(
            try project.up {
                $0.commitChecks = CommitChecks(prepare: { _ in }, inspect: { _, _ in [] })
            }.appliedVersions == ["1"])
    }
}
