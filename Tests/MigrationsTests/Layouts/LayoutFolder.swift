import Migrations
import TestSupport
import Testing

/// Small projects of other tools, each with all that its layout has.
struct LayoutFolder: Sendable, CustomTestStringConvertible {
    /// Whose they are.
    let layout: Layout
    /// Names with texts.
    let files: [(name: String, text: String)]
    /// The versions that `up` applies, in order.
    let versions: [String]
    /// Those that have a way down.
    let reversible: [String]
    /// The values of `log.x` after `up`, in order.
    let values: [String]
    /// A second name, for tests of two of one layout.
    var variant = ""

    var testDescription: String { layout.rawValue + variant }

    /// A function body with semicolons, for PostgreSQL; SQLite gets a trigger.
    static let all: [LayoutFolder] = [
        LayoutFolder(
            layout: .dbmate,
            files: [
                (
                    "20240101000000_log.sql",
                    """
                    -- What was done.
                    -- migrate:up
                    CREATE TABLE log (x integer);
                    INSERT INTO log VALUES (1);
                    -- migrate:down
                    DROP TABLE log;
                    """
                ),
                (
                    "20240102000000_pairs.sql",
                    """
                    -- migrate:up
                    CREATE TABLE a (x integer);
                    -- migrate:down
                    DROP TABLE a;
                    -- migrate:up
                    CREATE VIEW b AS SELECT x FROM a;
                    INSERT INTO log VALUES (2);
                    -- migrate:down
                    DROP VIEW b;
                    """
                ),
                (
                    "20240103000000_alone.sql",
                    """
                    -- migrate:up transaction:false
                    INSERT INTO log VALUES (3);
                    INSERT INTO log VALUES (4);
                    -- migrate:down transaction:false
                    DELETE FROM log WHERE x > 2;
                    """
                ),
            ], versions: ["20240101000000", "20240102000000", "20240103000000"],
            reversible: ["20240101000000", "20240102000000", "20240103000000"],
            values: ["1", "2", "3", "4"]),
        LayoutFolder(
            layout: .golangMigrate,
            files: [
                ("1_log.up.sql", "CREATE TABLE log (x integer);"),
                ("1_log.down.sql", "DROP TABLE log;"),
                (
                    "2_block.up.sql",
                    "BEGIN;\nINSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);\nCOMMIT;\n"
                ),
                ("2_block.down.sql", "BEGIN;\nDELETE FROM log;\nCOMMIT;\n"),
                ("10_more.up.sql", "INSERT INTO log VALUES (10)"),
            ], versions: ["1", "2", "10"], reversible: ["1", "2"], values: ["1", "2", "10"]),
        LayoutFolder(
            layout: .goose,
            files: [
                (
                    "00001_log.sql",
                    """
                    -- +goose Up
                    CREATE TABLE log (x integer);
                    -- +goose StatementBegin
                    INSERT INTO log VALUES (1);
                    -- +goose StatementEnd
                    -- +goose Down
                    DROP TABLE log;
                    """
                ),
                (
                    "00002_alone.sql",
                    """
                    -- +goose NO TRANSACTION
                    -- +goose up
                    INSERT INTO log VALUES (2);
                    -- +goose ENVSUB ON
                    INSERT INTO log VALUES (${GOOSE_X});
                    INSERT INTO log VALUES ($GOOSE_X + 1);
                    INSERT INTO log VALUES (${GOOSE_Y:-7});
                    -- +goose ENVSUB OFF
                    INSERT INTO log SELECT 8 WHERE '${GOOSE_X}' <> '5';
                    """
                ),
            ], versions: ["00001", "00002"], reversible: ["00001"],
            values: ["1", "2", "5", "6", "7", "8"]),
        LayoutFolder(
            layout: .flyway,
            files: [
                ("V1__log.sql", "CREATE TABLE log (x integer);"),
                ("V1.1__Add one.sql", "INSERT INTO log VALUES (${one});"),
                ("U1.1__Add one.sql", "DELETE FROM log WHERE x = 1;"),
                ("V1_10__ten.sql", "INSERT INTO log SELECT 10 WHERE '${one}' <> '1';"),
                ("V1_10__ten.sql.conf", "placeholderReplacement=false\n# a comment\n"),
                ("V2__alone.sql", "INSERT INTO log VALUES (20);"),
                ("V2__alone.sql.conf", "executeInTransaction=false\n"),
                ("R__view.sql", "DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT x FROM log;"),
                ("beforeMigrate.sql", "SELECT nothing;"),
            ], versions: ["1", "1.1", "1.10", "2", "R__view"], reversible: ["1.1"],
            values: ["1", "10", "20"]),
        LayoutFolder(
            layout: .sqlx,
            files: [
                ("1_log.sql", "CREATE TABLE log (x integer);"),
                ("2_alone.sql", "-- no-transaction\nINSERT INTO log VALUES (2);"),
            ], versions: ["1", "2"], reversible: [], values: ["2"], variant: " simple"),
        LayoutFolder(
            layout: .sqlx,
            files: [
                ("1_log.up.sql", "CREATE TABLE log (x integer);"),
                ("1_log.down.sql", "DROP TABLE log;"),
                ("2_alone.up.sql", "-- no-transaction\nINSERT INTO log VALUES (2);"),
                ("2_alone.down.sql", "DELETE FROM log;"),
            ], versions: ["1", "2"], reversible: ["1", "2"], values: ["2"], variant: " reversible"),
        LayoutFolder(
            layout: .diesel,
            files: [
                ("2024-01-01-120000_log/up.sql", "CREATE TABLE log (x integer);"),
                ("2024-01-01-120000_log/down.sql", "DROP TABLE log;"),
                ("2024-01-02-120000_alone/up.sql", "INSERT INTO log VALUES (2);"),
                ("2024-01-02-120000_alone/down.sql", "DELETE FROM log;"),
                ("2024-01-02-120000_alone/metadata.toml", "run_in_transaction = false\n"),
            ], versions: ["20240101120000", "20240102120000"],
            reversible: ["20240101120000", "20240102120000"], values: ["2"]),
        LayoutFolder(
            layout: .prisma,
            files: [
                ("migration_lock.toml", "provider = \"postgresql\"\n"),
                (
                    "20240101120000_init/migration.sql",
                    "-- CreateTable\nCREATE TABLE log (x integer);"
                ),
                ("20240102120000_more/migration.sql", "INSERT INTO log VALUES (1);"),
            ], versions: ["20240101120000", "20240102120000"], reversible: [], values: ["1"]),
        LayoutFolder(
            layout: .sqlMigrate,
            files: [
                (
                    "001_log.sql",
                    """
                    -- +migrate Up
                    CREATE TABLE log (x integer);
                    -- +migrate Down
                    DROP TABLE log;
                    """
                ),
                (
                    "002_alone.sql",
                    """
                    -- +migrate Up notransaction
                    -- +migrate StatementBegin
                    INSERT INTO log VALUES (2);
                    -- +migrate StatementEnd
                    """
                ),
            ], versions: ["001", "002"], reversible: ["001"], values: ["2"]),
        LayoutFolder(
            layout: .sqitch,
            files: [
                (
                    "sqitch.plan",
                    """
                    %syntax-version=1.0.0
                    %project=shop
                    %uri=https://example.com/

                    log 2024-01-01T12:00:00Z Ann <ann@example.com> # the log
                    one [log] 2024-01-02T12:00:00Z Ann <ann@example.com>
                    @v1 2024-01-03T12:00:00Z Ann <ann@example.com> # first

                    one [one@v1 log] 2024-01-04T12:00:00Z Ann <ann@example.com> # again
                    """
                ),
                ("deploy/log.sql", "BEGIN;\nCREATE TABLE log (x integer);\nCOMMIT;\n"),
                ("revert/log.sql", "BEGIN;\nDROP TABLE log;\nCOMMIT;\n"),
                ("verify/log.sql", "BEGIN;\nSELECT x FROM log WHERE 1 = 0;\nROLLBACK;\n"),
                ("deploy/one@v1.sql", "INSERT INTO log VALUES (1);\n"),
                ("revert/one@v1.sql", "DELETE FROM log WHERE x = 1;\n"),
                ("verify/one@v1.sql", "SELECT 1 FROM log WHERE x = 1;\n"),
                ("deploy/one.sql", "BEGIN;\nINSERT INTO log VALUES (11);\nCOMMIT;\n"),
                ("revert/one.sql", "BEGIN;\nDELETE FROM log WHERE x = 11;\nCOMMIT;\n"),
            ], versions: ["001", "002", "003"], reversible: ["001", "002", "003"],
            values: ["1", "11"]),
    ]

    /// What the places to fill in hold.
    static let variables = ["GOOSE_X": "5", "FLYWAY_PLACEHOLDERS_ONE": "1"]

    /// Writes it below a folder.
    func write(to folder: TemporaryFolder, under place: String) throws {
        for (name, text) in files { try folder.write(text, to: place + "/" + name) }
    }
}
