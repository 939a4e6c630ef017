import Database
import Foundation
import Migrations
import TestSupport
import Testing

/// Tools whose rows are matched with files one by one, on both databases. The tables are as the tools
/// make them, the checksums were worked out elsewhere.
@Suite struct AdoptFilesTests {
    /// A tool's history of the migrations 1 and 2, named a and b.
    struct Known: Sendable, CustomTestStringConvertible {
        var tool: HistoryTool
        var postgres: String
        var sqlite: String
        var rows: String
        /// The SQL that gives the first row the checksum of another file.
        var damage: String?

        var testDescription: String { tool.rawValue }
    }

    /// The checksums of the two files, by the word that stands for them in the rows.
    private static let checksums = [
        "CRCA": "-1570597078", "CRCB": "-570182927",
        "SHA384A":
            "05d1c755c2e48d095566199c2700338f2713bff50d6645ddb1be17a9b4c5f349039114f61d4a5d1b"
            + "24e25a7b530b737c",
        "SHA384B":
            "70840d5c1381ba515a7f78e27c836a44fc766970a27e8cd1c05329b0359c3ed7bcb0dac970cdcfd5"
            + "51f5490cc5fc1605",
        "SHA256A": "99e76537409cbfda0edc2e82dc449cd9a5bf3f89a9e8d1a02cac45f811d95231",
        "SHA256B": "edb37cf5eff0490c008aac88150e849df158e3019376e5c7c5dd89b7e1fef999",
        "SHA1A": "25d46901c7a8945cd9e4123bda259eeb956b4b19",
        "SHA1B": "d298640a67a3f4ac52cb2853c4455a0d967f0b7d",
    ]

    private static let tools: [Known] = [
        Known(
            tool: .flyway,
            postgres: """
                CREATE TABLE flyway_schema_history ("installed_rank" INT NOT NULL, "version" \
                VARCHAR(50), "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, \
                "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_by" VARCHAR(100) \
                NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "execution_time" INTEGER \
                NOT NULL, "success" BOOLEAN NOT NULL)
                """,
            sqlite: """
                CREATE TABLE "flyway_schema_history" ("installed_rank" INT NOT NULL PRIMARY KEY, \
                "version" VARCHAR(50), "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT \
                NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INT, "installed_by" VARCHAR(100) \
                NOT NULL, "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d \
                %H:%M:%f','now')), "execution_time" INT NOT NULL, "success" BOOLEAN NOT NULL)
                """,
            rows: """
                INSERT INTO flyway_schema_history VALUES \
                (1, '1', 'a', 'SQL', 'V1__a.sql', CRCA, 'ann', '2024-01-01 10:00:00', 5, true), \
                (2, '2', 'b', 'SQL', 'V2__b.sql', CRCB, 'ann', '2024-01-02 10:00:00', 5, true)
                """,
            damage: "UPDATE flyway_schema_history SET checksum = 1 WHERE installed_rank = 1"),
        Known(
            tool: .sqlx,
            postgres: """
                CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT \
                NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, \
                checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)
                """,
            sqlite: """
                CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT \
                NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT \
                NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)
                """,
            rows: """
                INSERT INTO _sqlx_migrations VALUES \
                (1, 'a', '2024-01-01 10:00:00', true, HEX(SHA384A), 5), \
                (2, 'b', '2024-01-02 10:00:00', true, HEX(SHA384B), 5)
                """,
            damage: "UPDATE _sqlx_migrations SET checksum = HEX(00) WHERE version = 1"),
        Known(
            tool: .prisma,
            postgres: """
                CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum \
                VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, \
                logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT \
                now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)
                """,
            sqlite: """
                CREATE TABLE "_prisma_migrations" ("id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT \
                NOT NULL, "finished_at" DATETIME, "migration_name" TEXT NOT NULL, "logs" TEXT, \
                "rolled_back_at" DATETIME, "started_at" DATETIME NOT NULL DEFAULT current_timestamp, \
                "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0)
                """,
            rows: """
                INSERT INTO _prisma_migrations VALUES \
                ('x', 'SHA256A', '2024-01-01 10:00:00', '1_a', NULL, NULL, '2024-01-01 09:00:00', 1), \
                ('y', 'SHA256B', '2024-01-02 10:00:00', '2_b', NULL, NULL, '2024-01-02 09:00:00', 1)
                """,
            damage: "UPDATE _prisma_migrations SET checksum = 'ab' WHERE id = 'x'"),
        Known(
            tool: .diesel,
            postgres: """
                CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
                """,
            sqlite: """
                CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
                """,
            rows: """
                INSERT INTO __diesel_schema_migrations VALUES ('1', '2024-01-01 10:00:00'), \
                ('2', '2024-01-02 10:00:00')
                """),
        Known(
            tool: .sqlMigrate,
            postgres: "CREATE TABLE gorp_migrations (id text NOT NULL PRIMARY KEY, applied_at "
                + "timestamp with time zone)",
            sqlite:
                "CREATE TABLE gorp_migrations (id varchar(255) NOT NULL PRIMARY KEY, applied_at "
                + "datetime)",
            rows: """
                INSERT INTO gorp_migrations VALUES ('1_a.sql', '2024-01-01 10:00:00'), \
                ('2-b.sql', '2024-01-02 10:00:00')
                """),
        Known(
            tool: .goose,
            postgres: """
                CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS \
                IDENTITY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp \
                NOT NULL DEFAULT now())
                """,
            sqlite: """
                CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id \
                INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT \
                (datetime('now')))
                """,
            rows: """
                INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES \
                (0, true, '2024-01-01 09:00:00'), (1, true, '2024-01-01 10:00:00'), \
                (2, true, '2024-01-02 10:00:00')
                """),
        Known(
            tool: .sqitch,
            postgres: """
                CREATE TABLE changes (change_id text PRIMARY KEY, script_hash text, change text NOT \
                NULL, project text NOT NULL, note text NOT NULL DEFAULT '', committed_at timestamptz \
                NOT NULL, committer_name text NOT NULL, committer_email text NOT NULL, planned_at \
                timestamptz NOT NULL, planner_name text NOT NULL, planner_email text NOT NULL, \
                UNIQUE (project, script_hash))
                """,
            sqlite: """
                CREATE TABLE changes (change_id TEXT PRIMARY KEY NOT NULL, script_hash TEXT, change \
                TEXT NOT NULL, project TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', committed_at \
                DATETIME NOT NULL, committer_name TEXT NOT NULL, committer_email TEXT NOT NULL, \
                planned_at DATETIME NOT NULL, planner_name TEXT NOT NULL, planner_email TEXT NOT \
                NULL, UNIQUE (project, script_hash))
                """,
            rows: """
                INSERT INTO changes VALUES \
                ('x', 'SHA1A', 'a', 'shop', '', '2024-01-01 10:00:00', 'Ann', 'ann@example.com', \
                '2023-12-01 10:00:00', 'Ann', 'ann@example.com'), \
                ('y', 'SHA1B', 'b', 'shop', '', '2024-01-02 10:00:00', 'Ann', 'ann@example.com', \
                '2023-12-01 10:00:00', 'Ann', 'ann@example.com')
                """,
            damage: "UPDATE changes SET script_hash = 'ab' WHERE change = 'a'"),
    ]

    /// SQL for one database: checksums in their places, bytes as its literal.
    private func statement(_ text: String, _ dialect: Dialect) -> String {
        var text = text
        for (word, value) in Self.checksums {
            text = text.replacingOccurrences(of: word, with: value)
        }
        let bytes = dialect == .postgres ? #"'\\x$1'"# : "x'$1'"
        text = text.replacingOccurrences(
            of: #"HEX\(([0-9a-f]+)\)"#, with: bytes, options: .regularExpression)
        return dialect == .postgres
            ? text.replacingOccurrences(of: ":00:00'", with: ":00:00Z'") : text
    }

    /// Whose names the files have.
    enum Files: CaseIterable {
        case ours, theirs
    }

    /// Writes a migration as the tool has it.
    private func write(
        _ number: Int, _ name: String, as tool: HistoryTool, to project: Project
    ) throws {
        let (up, down) = ("CREATE TABLE \(name) (i integer);\n", "DROP TABLE \(name);\n")
        let files: [String: String] =
            switch tool {
            case .flyway: ["V\(number)__\(name).sql": up, "U\(number)__\(name).sql": down]
            case .prisma: ["\(number)_\(name)/migration.sql": up]
            case .diesel: ["\(number)_\(name)/up.sql": up, "\(number)_\(name)/down.sql": down]
            case .sqlMigrate:
                [
                    // The rows name the files.
                    "\(number)\(number == 2 ? "-" : "_")\(name).sql":
                        "-- +migrate Up\n\(up)-- +migrate Down\n\(down)"
                ]
            case .goose: ["\(number)_\(name).sql": "-- +goose Up\n\(up)-- +goose Down\n\(down)"]
            case .sqitch: ["deploy/\(name).sql": up, "revert/\(name).sql": down]
            default: ["\(number)_\(name).up.sql": up, "\(number)_\(name).down.sql": down]
            }
        for (file, text) in files { try project.write(file, text) }
    }

    /// A project of three files whose first two the tool has applied.
    private func project(
        _ dialect: Dialect, _ known: Known, _ files: Files = .ours
    ) throws -> Project {
        let project = try Project(dialect)
        for (index, name) in ["a", "b", "c"].enumerated() {
            try write(
                index + 1, name, as: files == .ours ? .golangMigrate : known.tool, to: project)
        }
        if files == .theirs, known.tool == .sqitch {
            try project.write(
                "sqitch.plan",
                "%project=shop\n"
                    + ["a", "b", "c"].map { "\($0) 2023-12-01T10:00:00Z Ann <ann@example.com>\n" }
                    .joined())
        }
        if dialect == .postgres {
            try project.sql(
                """
                DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', \
                current_database(), 'UTC'); END $$
                """)
        }
        for name in ["a", "b"] { try project.sql("CREATE TABLE \(name) (i integer)") }
        try project.sql(dialect == .postgres ? known.postgres : known.sqlite)
        try project.sql(statement(known.rows, dialect))
        return project
    }

    @Test(arguments: Files.allCases, tools.flatMap { [(Dialect.postgres, $0), (.sqlite, $0)] })
    func `what the tool has applied is recorded, the rest runs, and all of it reverts`(
        files: Files, given: (dialect: Dialect, known: Known)
    ) throws {
        let known = given.known
        let project = try project(given.dialect, known, files)
        let adoption = try project.run { try $0.adopt(AdoptRequest()) }
        #expect(adoption.tool == known.tool)
        #expect(adoption.pending == 1)
        let verdict: ForeignChecksum.Verdict = known.damage == nil ? .unknown : .verified
        #expect(adoption.migrations.map(\.checksum) == [verdict, verdict])
        let rows = try project.run { try $0.status() }.filter { $0.state == .applied }
        let versions =
            files == .theirs && known.tool == .sqitch ? ["001", "002", "003"] : ["1", "2", "3"]
        #expect(rows.map(\.version) == Array(versions.prefix(2)))
        #expect(rows.map(\.name) == ["a", "b"])
        #expect(
            adoption.migrations.map(\.appliedAt) == [
                "2024-01-01T10:00:00.000Z", "2024-01-02T10:00:00.000Z",
            ])
        #expect(try project.up().applied.map(\.version) == [versions[2]])
        if files == .theirs, known.tool == .prisma {
            // It has no way down.
            #expect(throws: MigrationError.self) { try project.down(.count(1)) }
        } else {
            #expect(try project.down(.all).reverted.map(\.version) == versions.reversed())
        }
    }

    @Test(arguments: Dialect.allCases, tools.filter { $0.damage != nil })
    func `a file that was edited since is named, and nothing is recorded`(
        dialect: Dialect, known: Known
    ) throws {
        let project = try project(dialect, known)
        try project.sql(statement(known.damage ?? "", dialect))
        let error = #expect(throws: MigrationError.self) {
            try project.run { try $0.adopt(AdoptRequest()) }
        }
        #expect(error?.code == .checksumMismatch)
        #expect(error?.failed?.file?.hasSuffix("1_a.up.sql") == true)
        #expect(try project.tables(withOurs: true).contains("schema_migrations") == false)
    }

    @Test(arguments: Dialect.allCases)
    func `changes of another project in Sqitch's table are none of ours`(dialect: Dialect) throws {
        let known = try #require(Self.tools.first { $0.tool == .sqitch })
        let project = try project(dialect, known, .theirs)
        try project.sql("UPDATE changes SET project = 'blog', script_hash = 'x' WHERE change = 'b'")
        let adoption = try project.run { try $0.adopt(AdoptRequest()) }
        #expect(adoption.migrations.map(\.name) == ["a"])
        #expect(adoption.notes == ["changes of other projects are left out: blog"])
    }

    @Test(arguments: Dialect.allCases)
    func `a name that begins with a number is no version`(dialect: Dialect) throws {
        let known = try #require(Self.tools.first { $0.tool == .sqitch })
        let project = try project(dialect, known)
        try project.sql("UPDATE changes SET change = '2fa_login' WHERE change = 'b'")
        let error = #expect(throws: MigrationError.self) {
            try project.run { try $0.adopt(AdoptRequest()) }
        }
        #expect(error?.code == .missing)
        #expect(error?.message.contains("Sqitch has applied 2fa_login") == true)
    }
}
