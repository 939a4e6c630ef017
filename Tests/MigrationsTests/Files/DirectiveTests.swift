import Database
import Migrations
import TestSupport
import Testing

/// The `-- migrate:` lines at the top of a file.
@Suite struct DirectiveTests {
    private func directives(_ text: String) throws -> Directives {
        try Script(Array(text.utf8), file: "1_a.up.sql", dialect: .postgres).directives
    }

    @Test func `each directive is read`() throws {
        let read = try directives(
            """
            -- A file about something.
            -- migrate: no-transaction
            --migrate:lock-timeout 2s
            --   migrate:   statement-timeout\t1h30m\t
            -- migrate: phase contract
            -- migrate: foreign-keys off

            /* more words */
            -- migrate: allow drop-column nobody reads it   any more
            -- Migrate: allow rename the view hides it
            SELECT 1;
            """)
        #expect(read.noTransaction)
        #expect(read.lockTimeout == .seconds(2))
        #expect(read.statementTimeout == .seconds(5400))
        #expect(read.phase == .contract)
        #expect(read.foreignKeysOff)
        #expect(
            read.allowed == [
                "drop-column": "nobody reads it any more", "rename": "the view hides it",
            ])
    }

    @Test func `a file without any has the defaults`() throws {
        #expect(try directives("-- migrate is a word here\nSELECT 1;") == Directives())
    }

    @Test func `lines end as Windows ends them, and behind a byte-order mark`() throws {
        let read = try directives(
            "\u{FEFF}-- migrate: phase contract\r\n-- migrate: no-transaction\r\nSELECT 1;\r\n")
        #expect(read.phase == .contract)
        #expect(read.noTransaction)
    }

    @Test(arguments: ["SELECT 1;", ";", "SELECT 1"])
    func `behind the first statement they are comments like any other`(text: String) throws {
        let read = try directives(text + "\n-- migrate: no-transaction\n-- migrate: nonsense\n")
        #expect(read == Directives())
    }

    @Test func `they are comments inside other comments and strings`() throws {
        #expect(try directives("/*\n-- migrate: no-transaction\n*/ SELECT 1;") == Directives())
        #expect(try directives("SELECT '\n-- migrate: no-transaction\n';") == Directives())
    }

    @Test(
        arguments: [
            (
                "no-transacton", "unknown directive 'no-transacton'",
                "Did you mean 'no-transaction'?"
            ),
            ("lock_timeout 2s", "unknown directive 'lock_timeout'", "Did you mean 'lock-timeout'?"),
            ("Phase contract", "unknown directive 'Phase'", "Did you mean 'phase'?"),
            (
                "quickly", "unknown directive 'quickly'",
                "Known directives: no-transaction, lock-timeout"
            ),
            (
                "no-transaction please", "the directive 'no-transaction' is not written like this",
                "'-- migrate: no-transaction'"
            ),
            (
                "lock-timeout", "the directive 'lock-timeout' is not written like this",
                "lock-timeout 2s"
            ),
            (
                "lock-timeout 2 s", "the directive 'lock-timeout' is not written like this",
                "lock-timeout 2s"
            ),
            ("lock-timeout 5", "'5' is not a duration", "500ms, 2s, 10m, 1h"),
            ("lock-timeout -1s", "'-1s' is not a duration", "500ms"),
            ("statement-timeout soon", "'soon' is not a duration", "500ms"),
            ("phase contrat", "'contrat' is not a phase", "'phase contract'"),
            (
                "foreign-keys on", "the directive 'foreign-keys' is not written like this",
                "foreign-keys off"
            ),
            ("allow drop-column", "'allow' needs a rule and a reason", "why it is safe"),
            ("allow", "'allow' needs a rule and a reason", "why it is safe"),
            ("", "a directive is missing after 'migrate:'", "Known directives"),
            ("up", "'-- migrate:up' marks a section of a dbmate file", "two files"),
            ("down", "'-- migrate:down' marks a section of a dbmate file", "two files"),
        ])
    func `a line that is none is an error with its place and what to write`(
        line: String, message: String, hint: String
    ) throws {
        let error = try failure {
            _ = try directives("-- über allem\n  -- migrate: \(line)\nSELECT 1;")
        }
        #expect(error.code == .invalidFiles)
        #expect(error.message == message)
        #expect(error.failed?.place == "1_a.up.sql:2:3")
        #expect(error.failed?.sourceLine == "  -- migrate: \(line)")
        #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "")")
    }

    @Test(arguments: Dialect.allCases)
    func `an unknown directive in any file stops the run before anything runs`(
        dialect: Dialect
    ) throws {
        let project = try Project(
            dialect,
            [
                "1_a.up.sql": "CREATE TABLE a (i integer);",
                "2_b.up.sql": "-- migrate: lock-timout 1s\nCREATE TABLE b (i integer);",
            ])
        let error = try failure { try project.up() }
        #expect(error.failed?.place == "2_b.up.sql:1:1")
        #expect(try project.tables(withOurs: true).isEmpty)
    }

    @Test(
        arguments: [
            ("250ms", 250), ("5s", 5000), ("10m", 600_000), ("24h", 86_400_000),
            ("2d", 172_800_000), ("1h30m", 5_400_000), ("1s500ms", 1500), ("0s", 0),
        ])
    func `durations are read`(text: String, milliseconds: Int64) {
        #expect(Duration(shorthand: text)?.wholeMilliseconds == milliseconds)
    }

    @Test(arguments: ["", "5", "s", "5 s", "5sec", "1.5s", "-5s", "5S", "9999999999999s", "٥s"])
    func `what is no duration is refused`(text: String) {
        #expect(Duration(shorthand: text) == nil)
    }
}
