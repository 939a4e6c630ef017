import TestSupport
import Testing

/// Production runs what staging ran, and at the times at which it may.
@Suite struct PromotionTests {
    @Test(arguments: SurfaceDatabase.allCases)
    func `a migration runs only where the same file ran before`(_ database: SurfaceDatabase) throws
    {
        let project = try ReleaseProject(database, production: "promote_from: staging")
        let missing =
            database == .sqlite
            ? "what ran in 'staging' is not known: its database is not there yet"
            : "001 a is not applied in 'staging'"
        let first = try project.migrate("production", "up")
        first.expect(9)
        first.expectError("error: \(missing)\nhint: ")
        try project.migrate("staging", "up").expect(0)
        try project.migrate("production", "plan").expect(0)
        try project.migrate("production", "up").expect(0)
        // A comment more is the same file, another statement is not.
        try project.write("CREATE TABLE b (x integer);", to: "002_b.up.sql")
        try project.migrate("staging", "up").expect(0)
        try project.write("-- a comment\nCREATE TABLE b (x bigint);", to: "002_b.up.sql")
        let plan = try project.migrate("production", "plan", "--json")
        plan.expect(0)
        #expect(
            try plan.gates() == [
                "identity yes", "protection yes", "promotion no", "approval yes", "window yes",
                "snapshot yes",
            ])
        let words = "002 b is another file than the one that ran in 'staging'"
        #expect(try plan.reason(of: "promotion") == words)
        #expect(try plan.json()["allowed"] as? Bool == false)
        let refused = try project.migrate("production", "up", "--json")
        refused.expect(9)
        let error = try #require(refused.json()["error"] as? [String: Any])
        #expect(error["message"] as? String == words)
        #expect(error["code"] as? String == "promotion_refused")
        #expect(try refused.gates() == plan.gates())
        #expect(try project.rows("production", "SELECT count(*) FROM schema_migrations") == ["1"])
        #expect(
            try project.log("production") == ["stamp success", "up success", "refusal refused"])
        try project.write("-- a comment\nCREATE TABLE b (x integer);", to: "002_b.up.sql")
        try project.migrate("production", "up").expect(0)
        // Nothing pending: nothing to refuse, even where staging went back meanwhile.
        try project.migrate("staging", "down", "--count", "1").expect(9)
        try project.migrate("production", "up").expect(0)
    }

    @Test func `soak, and a staging whose verification failed`() throws {
        let project = try ReleaseProject(
            .sqlite, staging: "verify: { after: true }",
            production: "promote_from: { environment: staging, soak: 1h }")
        try project.migrate("staging", "up").expect(0)
        let early = try project.migrate("production", "up")
        early.expect(9)
        early.expectError("error: 001 a is in 'staging' for ")
        early.expectError(", and must be for 1h\nhint: It may run from 20")
        try project.rows(
            "staging", "UPDATE schema_migrations SET applied_at = '2026-01-01T00:00:00.000Z'")
        try project.migrate("production", "plan").expect(0)
        #expect(try project.log("staging").last == "verify success")
        // What it finds stays in the log, until a verification passes.
        try project.folder.folder("verify")
        try project.folder.write("SELECT x FROM a;", to: "verify/empty.sql")
        try project.write("INSERT INTO a VALUES (1);", to: "002_b.up.sql")
        try project.migrate("staging", "up").expect(10)
        try project.rows(
            "staging", "UPDATE schema_migrations SET applied_at = '2026-01-01T00:00:00.000Z'")
        let failed = try project.migrate("production", "up")
        failed.expect(9)
        failed.expectError("error: the last verification of 'staging' failed: 1 error\n")
        try project.migrate("staging", "verify").expect(10)
        try project.rows("staging", "DELETE FROM a")
        try project.migrate("staging", "verify").expect(0)
        try project.folder.write("SELECT 1 WHERE 1 = 0;", to: "verify/empty.sql")
        try project.migrate("production", "up").expect(0)
        try project.migrate("staging", "audit", "--verify").expect(0)
    }

    @Test func `a staging that is another environment's proves nothing`() throws {
        let project = try ReleaseProject(.sqlite, production: "promote_from: staging")
        try project.migrate("staging", "up").expect(0)
        try project.rows(
            "staging", "UPDATE schema_migrations_log SET environment = 'dev' WHERE action = 'stamp'"
        )
        let refused = try project.migrate("production", "up")
        refused.expect(9)
        refused.expectError(
            "error: what ran in 'staging' is not known: this database belongs to environment 'dev', "
                + "not to 'staging'\n")
    }

    @Test func `windows, and going through one with a reason`() throws {
        let project = try ReleaseProject(
            .sqlite,
            production: """
                windows:
                  timezone: Europe/Berlin
                  deny: [Mon-Sun]
                """)
        let closed = try project.migrate("production", "up")
        closed.expect(9)
        #expect(
            closed.errors.contains(
                /error: it is \w{3} [-0-9]{10} \d\d:\d\d Europe\/Berlin, and 'Mon-Sun' is denied\n/)
        )
        try project.migrate("production", "up", "--override-window").expect(2)
        let plan = try project.migrate(
            "production", "plan", "--override-window", "--reason", "ticket 7", "--json")
        #expect(try plan.gates().contains("window overridden"))
        try project.migrate(
            "production", "up", "--override-window", "--reason", "ticket 7"
        ).expect(0)
        #expect(
            try project.rows(
                "production",
                "SELECT count(*) FROM schema_migrations_log WHERE action = 'override' AND details "
                    + "LIKE 'window: it is %overridden: ticket 7; reason: ticket 7'") == ["1"])
        try project.configure(
            production: "windows: { freezes: [{ from: 2020-01-01, to: 2099-01-01, reason: war }] }")
        try project.write("SELECT 1;", to: "002_b.up.sql")
        let frozen = try project.migrate("production", "up")
        frozen.expect(9)
        frozen.expectError("there is a freeze until Fri 2099-01-02 00:00: war\n")
        try project.configure(production: "windows: { deny: Mon, timezone: Europe/Berln }")
        let unknown = try project.migrate("production", "plan")
        unknown.expect(3)
        unknown.expectError(
            "migrate.yaml:6:37: error: there is no time zone 'Europe/Berln' on this machine\n")
        try project.configure(
            production: "windows: { freezes: [{ from: 2020-01-01, to: 2020-01-02, reason: x }] }")
        try project.migrate("production", "up").expect(0)
    }

    @Test func `the plan in words, and in Markdown`() throws {
        let project = try ReleaseProject(
            .sqlite, production: "promote_from: staging\nprotected: true")
        try project.write("CREATE TABLE b (x integer);", to: "002_b_c.up.sql")
        try project.migrate("staging", "up", "--to", "1").expect(0)
        let plan = try project.migrate("production", "plan")
        plan.expect(0)
        let lines = plan.output.split(separator: "\n").map(String.init)
        #expect(
            lines.dropFirst(4).dropLast() == [
                "identity    yes  this database belongs to no environment yet; 'up' makes it that of "
                    + "'production'",
                "protection  yes  the environment is protected; 'up' needs no reason, what loses data "
                    + "does",
                "promotion   no   002 b_c is not applied in 'staging'",
                "                 Run it there first: migrate up --env staging",
                "approval    yes  no rule: nobody has to approve",
                "window      yes  no rule: it may run at any time",
                "snapshot    yes  no rule: no snapshot is taken before",
                "'up' would refuse this now",
            ])
        let page = try project.migrate("production", "plan", "--format", "markdown")
        page.expect(0)
        #expect(page.output.hasPrefix("### production: sqlite:"))
        #expect(page.output.contains("| 002 | b\\_c | 1 | own | none |\n"))
        #expect(
            page.output.contains(
                "| promotion | **no** | 002 b\\_c is not applied in 'staging'. Run it there first: "
                    + "migrate up --env staging |\n"))
        #expect(page.output.contains("\n`up` would refuse this now.\n"))
        let document = try project.migrate("production", "plan", "--format", "json")
        #expect(try document.json()["allowed"] as? Bool == false)
        try project.migrate("production", "plan", "--format", "markdown", "--json").expect(2)
        #expect(!project.folder.has("production.db"))
    }
}
