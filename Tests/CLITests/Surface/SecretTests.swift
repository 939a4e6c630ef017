import Database
import Foundation
import TestSupport
import Testing

/// Where a user may put a password.
enum PasswordPlace: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case option, variable, query, keywords, configVariable, file, command, environment, passFile

    var testDescription: String { rawValue }
}

/// A role whose password has every character that gives trouble, and a project on its database.
private final class Vault: Sendable {
    static let password = #"Zq7@s w/r:d%&='"\1é"#
    let project: SurfaceProject
    let role: TestRole
    private let host: String
    private let port: Int

    init(_ migrations: [String: String]) throws {
        project = try SurfaceProject(.postgres, migrations: migrations)
        role = try TestRole()
        let quoted = Self.password.replacingOccurrences(of: "'", with: "''")
        let admin = try project.connect()
        try admin.query("ALTER ROLE \(role.name) PASSWORD '\(quoted)'")
        try admin.query("GRANT CREATE ON SCHEMA public TO \(role.name)")
        let url = try #require(URLComponents(string: project.url))
        host = url.host ?? ""
        port = url.port ?? 0
    }

    /// Percent-encoded, as in a URL.
    static func encoded(_ password: String) -> String {
        password.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// The whole command line, the environment, and what must not be seen.
    struct Run {
        var arguments: [String]
        var environment: [String: String] = [:]
        var secrets: [String]
    }

    func run(
        _ place: PasswordPlace, password: String = Vault.password, database: String? = nil,
        host: String? = nil, port: Int? = nil
    ) throws -> Run {
        let (host, port) = (host ?? self.host, port ?? self.port)
        let database = database ?? project.databaseName
        let encoded = Self.encoded(password)
        let bare = "postgres://\(role.name)@\(host):\(port)/\(database)"
        let full = "postgres://\(role.name):\(encoded)@\(host):\(port)/\(database)"
        let escaped = password.replacingOccurrences(of: "\\", with: "\\\\")
            .replacingOccurrences(of: "'", with: "\\'")
        let keywords =
            "host=\(host) port=\(port) user=\(role.name) dbname=\(database) password = '\(escaped)'"
        var run = Run(arguments: [], secrets: [password, encoded, escaped, full, keywords])
        switch place {
        case .option: run.arguments = ["--url", full]
        case .variable: run.environment["MIGRATE_URL"] = full
        case .query: run.arguments = ["--url", "\(bare)?password=\(encoded)"]
        case .keywords: run.environment["MIGRATE_URL"] = keywords
        case .configVariable:
            try configure("url: ${SECRET_URL}")
            run.environment["SECRET_URL"] = full
        case .file:
            try project.folder.write(password + "\nsecond line\n", to: "secret")
            try configure("url: \(bare)\n    password_file: secret")
        case .command:
            try project.folder.write(password + "\n", to: "secret")
            try configure("url: \(bare)\n    password_command: [cat, secret]")
        case .environment:
            run.environment = ["MIGRATE_URL": bare, "PGPASSWORD": password]
        case .passFile:
            let field = password.replacingOccurrences(of: "\\", with: "\\\\")
                .replacingOccurrences(of: ":", with: "\\:")
            let path = try project.folder.write("*:*:*:*:\(field)\n", to: "pass")
            chmod(path, 0o600)
            run.environment = ["MIGRATE_URL": bare, "PGPASSFILE": path]
            run.secrets.append(field)
        }
        return run
    }

    private func configure(_ lines: String) throws {
        try project.folder.write(
            "environments:\n  local:\n    \(lines)\n", to: "migrate.yaml")
    }
}

/// No secret in what is printed, stored or passed on.
@Suite struct SecretTests {
    private static let migrations = ["001_a.up.sql": "CREATE TABLE a (x integer);"]

    private func expectNone(
        of secrets: [String], in texts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for text in texts {
            for secret in secrets {
                #expect(!text.contains(secret), "\(text)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Runs commands at every verbosity and looks at all that they print.
    private func check(
        _ vault: Vault, _ run: Vault.Run, _ command: [String], _ status: Int32,
        error: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for options in [["--verbose"], ["--json", "--verbose"]] {
            let result = try MigrateProgram.run(
                run.arguments + command + options, in: vault.project.folder.path,
                environment: run.environment)
            result.expect(status, sourceLocation: sourceLocation)
            if let error { result.expectError(error, sourceLocation: sourceLocation) }
            expectNone(
                of: run.secrets, in: [result.output, result.errors],
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: PasswordPlace.allCases)
    func `a run that connects, and one that fails`(_ place: PasswordPlace) throws {
        let vault = try Vault(Self.migrations)
        let run = try vault.run(place)
        try check(vault, run, ["up"], 0)
        try check(vault, run, ["status"], 0)
        try check(vault, run, ["doctor"], 0)
        if [.configVariable, .file, .command].contains(place) {
            try check(vault, run, ["environments"], 0)
        }
        try vault.project.write("SELECT 1;\nSELEC 2;\n", to: "002_b.up.sql")
        try check(vault, run, ["up"], 6, error: "002_b.up.sql:2:1: ")
        // Nor is it in the database.
        let stored =
            try vault.project.rows("SELECT h::text FROM schema_migrations h")
            + vault.project.rows("SELECT l::text FROM schema_migrations_log l")
        #expect(stored.count >= 2)
        expectNone(of: run.secrets, in: stored)
    }

    @Test(arguments: PasswordPlace.allCases)
    func `a run that does not connect`(_ place: PasswordPlace) throws {
        let vault = try Vault(Self.migrations)
        let wrong = try vault.run(place, password: Vault.password + "X")
        try check(vault, wrong, ["up"], 4, error: "password authentication failed")
        guard [.option, .keywords, .configVariable, .file].contains(place) else { return }
        let missing = try vault.run(place, database: "migrate_no_such_database")
        try check(vault, missing, ["up"], 4, error: "does not exist")
        let nobody = try SilentServer(listens: false)
        let unreachable = try vault.run(place, host: "127.0.0.1", port: nobody.port)
        try check(vault, unreachable, ["up"], 4, error: "Connection refused")
        let unknown = try vault.run(place, host: "no-such-host.invalid")
        try check(vault, unknown, ["status"], 4, error: "no-such-host.invalid")
    }

    @Test func `a server that never answers`() throws {
        let vault = try Vault(Self.migrations)
        let silent = try SilentServer()
        var run = try vault.run(.variable, host: "127.0.0.1", port: silent.port)
        run.environment["MIGRATE_URL"]? += "?connect_timeout=2"
        let result = try MigrateProgram.run(
            ["up", "--verbose"], in: vault.project.folder.path, environment: run.environment)
        result.expect(4)
        result.expectError("no answer from '127.0.0.1:\(silent.port)' within 2 s")
        expectNone(of: run.secrets, in: [result.output, result.errors])
    }

    @Test(arguments: [
        // Not encoded, cut in other places than was meant, in unknown parameters, in the wrong form.
        "postgres://user:Zq7@hunter@localhost:1/db", "postgres://user:Zq7/hunter@localhost:1/db",
        "postgres://user:Zq7%zzhunter@localhost:1/db",
        "postgres://user:12/Zq7?hunter=@localhost:1/db",
        "postgres://user:Zq7#hunter@localhost:x/db",
        "postgres://user@localhost:1/db?pasword=Zq7hunter", "mysql://user:Zq7hunter@localhost:1/db",
        "postgres://user@localhost:1/db?password=Zq7&hunter",
        "postgres:user:Zq7hunter@localhost:1/db",
        "user:Zq7hunter@localhost:1/db", "host=localhost password='Zq7 hunter",
        "host=localhost password=Zq7 hunter", "host=localhost pasword=Zq7hunter",
        "sqlite:app.db?key=Zq7hunter", "sqlite://user:Zq7hunter@host/app.db",
    ])
    func `an address that cannot be read`(_ url: String) throws {
        let folder = try TemporaryFolder()
        try folder.folder("migrations")
        try folder.write("environments:\n  local: { url: \"${SECRET}\" }\n", to: "migrate.yaml")
        let runs: [([String], [String: String], Int32)] = [
            (["--url", url, "up", "-v"], [:], 3), (["up", "--json"], ["MIGRATE_URL": url], 3),
            (["up", "-v"], ["SECRET": url], 3), (["environments"], ["SECRET": url], 0),
            // Typed in a wrong place.
            (["up", url], [:], 2), (["--url=\(url)", "upp", url], [:], 2),
        ]
        for (arguments, environment, status) in runs {
            let result = try MigrateProgram.run(
                arguments, in: folder.path, environment: environment)
            result.expect(status)
            expectNone(of: ["Zq7", "hunter", url], in: [result.output, result.errors])
        }
    }

    @Test func `a program that gives the password learns no other`() throws {
        let vault = try Vault(Self.migrations)
        let script = try vault.project.folder.write(
            """
            #!/bin/sh
            for process in $$ $PPID; do tr '\\0' ' ' < /proc/$process/cmdline; done > seen
            cat secret
            """, to: "password.sh")
        chmod(script, 0o700)
        var run = try vault.run(.command)
        try vault.project.folder.write(
            """
            environments:
              local:
                url: ${SECRET_URL}
                password_command: [./password.sh, "argument"]
            """, to: "migrate.yaml")
        run.environment["SECRET_URL"] =
            try vault.run(.variable, password: "TopSecret99").environment["MIGRATE_URL"]
        try MigrateProgram.run(["up"], in: vault.project.folder.path, environment: run.environment)
            .expect(0)
        let seen = try String(contentsOfFile: vault.project.folder.file("seen"), encoding: .utf8)
        #expect(seen.contains("password.sh argument"))
        #expect(seen.contains("migrate up"))
        expectNone(of: run.secrets + ["TopSecret99"], in: [seen])
    }

    @Test func `where the lock is held, what waits shows who, and nothing else`() throws {
        let vault = try Vault(["001_sleep.up.sql": SurfaceDatabase.postgres.sleep(seconds: 60)])
        let run = try vault.run(.option)
        let first = try MigrateProgram.start(
            run.arguments + ["up"], in: vault.project.folder.path)
        try vault.project.waitForRun()
        try check(vault, run, ["up", "--lock-wait", "0s"], 5, error: "pid \(first.pid) on ")
        try check(vault, run, ["doctor"], 5)
        let names = try vault.project.rows("SELECT application_name FROM pg_stat_activity")
        expectNone(of: run.secrets, in: names)
        first.send(SIGTERM)
        first.wait().expect(130)
    }
}
