import Database
import Migrations
import TestSupport
import Testing

/// Migrations without a transaction: each statement's end is recorded, and a run goes on there.
@Suite struct PartWayTests {
    private let head = "-- migrate: no-transaction\n"

    @Test(arguments: Dialect.allCases)
    func `each statement's end is recorded as it comes, and nothing runs twice`(
        dialect: Dialect
    ) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: head
                + "CREATE TABLE a (i integer); INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);")
        var seen: [[String?]] = []
        try project.up { context in
            context.observer.statementDone = { done, total in
                let row = try? project.sql(
                    "SELECT statements_done, statements_total, state, (SELECT count(*) FROM a) "
                        + "FROM schema_migrations")
                seen.append(["\(done)/\(total)"] + (row?.first ?? []))
            }
        }
        #expect(
            seen == [
                ["1/3", "1", "3", "applying", "0"], ["2/3", "2", "3", "applying", "1"],
                ["3/3", "3", "3", "applying", "2"],
            ])
        #expect(try project.applied() == ["1"])
    }

    @Test(arguments: Dialect.allCases)
    func `a failure part-way says where, what is done and how to go on`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("0_before", up: "CREATE TABLE before (i integer);")
        try project.write(
            "1_a",
            up: head + "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\n"
                + "INSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);\n")
        try project.write("2_after", up: "CREATE TABLE after (i integer);")
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.version == "1")
        #expect(error.failed?.line == 4)
        #expect(error.failed?.statement == 3)
        #expect(error.failed?.statementCount == 4)
        #expect(
            error.hint?.contains(
                "2 of 4 statements of 1 are done and recorded. Mend the rest of the file and run "
                    + "'migrate up' again: it goes on with statement 3.") == true)
        #expect(error.report?.appliedVersions == ["0"])
        #expect(try project.tables() == ["a", "before"])
        #expect(try project.states() == ["0": .applied, "1": .failedPartWay, "2": .pending])
        #expect(try project.log().last?["outcome"] == "failure")

        // The rest is mended, and grows.
        try project.write(
            "1_a",
            up: head + "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1); -- done\n"
                + "INSERT INTO a VALUES (3); INSERT INTO a VALUES (4); INSERT INTO a VALUES (5);")
        let plan = try project.plan()
        #expect(plan.steps.map(\.action) == [.resume, .apply])
        #expect(plan.steps[0].statementsDone == 2)
        let report = try project.up()
        #expect(report.appliedVersions == ["1", "2"])
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["3"], ["4"], ["5"]])
        let row = try project.history()[1]
        #expect(row["state"] == "applied")
        #expect(row["statements_done"] == "5")
        #expect(row["statements_total"] == "5")
        let text = try Files.read(project.path + "/1_a.up.sql")
        #expect(row["checksum"] == Checksum.text(text))
        #expect(try project.plan().isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `what ran must not be changed before the run goes on`(dialect: Dialect) throws {
        let project = try Project(dialect)
        let done = "CREATE TABLE a (i integer);\nINSERT INTO a VALUES (1);\n"
        try project.write("1_a", up: head + done + "SELECT nowhere;")
        _ = try failure { try project.up() }
        let changes = [
            done.replacing("VALUES (1)", with: "VALUES (9)") + "SELECT 1;",
            "SELECT 0;" + done + "SELECT 1;", "CREATE TABLE a (i integer);",
        ]
        for change in changes {
            try project.write("1_a", up: head + change)
            let error = try failure { try project.up() }
            #expect(error.code == .checksumMismatch)
            #expect(error.versions == ["1"])
            #expect(error.message.hasPrefix("1 stopped after 2 statements, and those were changed"))
        }
        try project.write("1_a", up: done + "SELECT 1;")
        let error = try failure { try project.up() }
        #expect(error.code == .checksumMismatch)
        #expect(error.hint?.contains("Put the line back") == true)
        try project.remove("1_a.up.sql")
        let gone = try failure { try project.up() }
        #expect(gone.code == .failedPartWay)
        #expect(gone.hint?.contains("--mark-applied 1 or --mark-reverted 1") == true)
        #expect(try project.value("SELECT count(*) FROM a") == "1")
    }

    @Test(arguments: Dialect.allCases)
    func `where the first statement fails, the file may become any other`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: head + "SELECT nowhere; SELECT 2;")
        #expect(try failure { try project.up() }.code == .stoppedPartWay)
        #expect(try project.history()[0]["statements_done"] == "0")
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        #expect(try project.up().appliedVersions == ["1"])
        let row = try project.history()[0]
        #expect(row["state"] == "applied")
        #expect(row["statements_total"] == "1")
    }

    @Test(arguments: Dialect.allCases)
    func `BEGIN to COMMIT of the file is one piece, recorded with it`(dialect: Dialect) throws {
        let project = try Project(dialect)
        let text = """
            CREATE TABLE a (i integer);
            BEGIN;
            INSERT INTO a VALUES (1);
            INSERT INTO a VALUES (2);
            COMMIT;
            BEGIN;
            INSERT INTO a VALUES (3);
            INSERT INTO nowhere VALUES (4);
            COMMIT;
            """
        try project.write("1_a", up: head + text)
        let error = try failure { try project.up() }
        #expect(error.code == .stoppedPartWay)
        #expect(error.failed?.line == 9)
        #expect(try project.history()[0]["statements_done"] == "5")
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["2"]])
        try project.write("1_a", up: head + text.replacing("nowhere", with: "a"))
        try project.up()
        #expect(try project.value("SELECT sum(i) FROM a") == "10")
        #expect(try project.history()[0]["statements_done"] == "9")
    }

    @Test(arguments: Dialect.allCases)
    func `a block that the file rolls back is done, and left nothing`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: head + """
                CREATE TABLE a (i integer);
                BEGIN; INSERT INTO a VALUES (1); ROLLBACK;
                INSERT INTO a VALUES (2);
                SELECT nowhere;
                """)
        _ = try failure { try project.up() }
        #expect(try project.sql("SELECT i FROM a") == [["2"]])
        #expect(try project.history()[0]["statements_done"] == "5")
    }

    @Test(arguments: Dialect.allCases)
    func `what needs no transaction runs in none`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write("0_a", up: "CREATE TABLE a (i integer); INSERT INTO a VALUES (1);")
        let text =
            dialect == .postgres
            ? """
            CREATE INDEX CONCURRENTLY a_i ON a (i);
            REINDEX INDEX CONCURRENTLY a_i;
            VACUUM (ANALYZE) a;
            CREATE TYPE mood AS ENUM ('sad');
            ALTER TYPE mood ADD VALUE 'happy';
            CREATE TABLE moods AS SELECT 'happy'::mood AS mood;
            DROP INDEX CONCURRENTLY a_i;
            """ : "PRAGMA journal_mode = WAL; VACUUM; PRAGMA synchronous = NORMAL; ANALYZE;"
        try project.write("1_b", up: head + text)
        #expect(try project.up().appliedVersions == ["0", "1"])
        if dialect == .postgres {
            #expect(try project.value("SELECT mood FROM moods") == "happy")
            #expect(try project.value("SELECT to_regclass('a_i')") == nil)
        } else {
            #expect(try project.value("PRAGMA journal_mode") == "wal")
        }
    }

    @Test func `procedures and DO blocks may commit by themselves`() throws {
        let project = try Project(.postgres)
        try project.write(
            "1_a",
            up: head + """
                CREATE TABLE a (i integer);
                CREATE PROCEDURE fill(upper integer) LANGUAGE plpgsql AS $$
                BEGIN
                  FOR n IN 1..upper LOOP INSERT INTO a VALUES (n); COMMIT; END LOOP;
                END $$;
                CALL fill(3);
                DO $$ BEGIN INSERT INTO a VALUES (4); COMMIT; INSERT INTO a VALUES (5); END $$;
                """)
        try project.up()
        #expect(try project.value("SELECT string_agg(i::text, '' ORDER BY i) FROM a") == "12345")
        #expect(try project.history()[0]["statements_done"] == "4")
    }

    @Test func `a repeatable migration without a transaction begins anew`() throws {
        let project = try Project(.postgres)
        try project.write("1_a", up: "CREATE TABLE a (i integer);")
        try project.write("R__f.sql", head + "INSERT INTO a VALUES (1); SELECT nowhere;")
        #expect(try failure { try project.up() }.code == .stoppedPartWay)
        #expect(try project.states()["R__f"] == .failedPartWay)
        try project.write("R__f.sql", head + "INSERT INTO a VALUES (2); SELECT 1;")
        #expect(try project.up().appliedVersions == ["R__f"])
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["2"]])
        #expect(try project.plan().isEmpty)
    }

    @Test(arguments: Dialect.allCases)
    func `an interrupted run stops between statements and goes on later`(dialect: Dialect) throws {
        let project = try Project(dialect)
        try project.write(
            "1_a",
            up: head
                + "CREATE TABLE a (i integer); INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);")
        let error = try failure {
            try project.up { context in
                let cancellation = context.cancellation
                context.observer.statementDone = { done, _ in
                    if done == 2 { cancellation.request() }
                }
            }
        }
        #expect(error.code == .interrupted)
        #expect(try project.history()[0]["statements_done"] == "2")
        #expect(try project.log().last?["outcome"] == "interrupted")
        #expect(try project.up().appliedVersions == ["1"])
        #expect(try project.sql("SELECT i FROM a ORDER BY i") == [["1"], ["2"]])
    }
}
