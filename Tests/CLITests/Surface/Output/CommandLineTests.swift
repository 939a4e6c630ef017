import Foundation
import TestSupport
import Testing

/// Help, slips, and completions.
@Suite struct CommandLineTests {
    private let folder: TemporaryFolder
    static let subcommands = [
        "init", "new", "status", "plan", "up", "down", "redo", "verify", "baseline", "repair",
        "doctor", "environments", "adopt",
    ]

    init() throws { folder = try TemporaryFolder() }

    private func migrate(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ProgramResult {
        try MigrateProgram.run(arguments, in: folder.path, environment: environment)
    }

    @Test func `without a subcommand, help`() throws {
        let bare = try migrate([])
        bare.expect(0)
        #expect(bare.errors == "")
        #expect(try migrate(["--help"]).output == bare.output)
        #expect(try migrate(["help"]).output == bare.output)
        #expect(bare.output.contains("\nUSAGE: migrate [options] <subcommand>\n"))
        for subcommand in Self.subcommands { #expect(bare.output.contains("\n  \(subcommand) ")) }
        // Options alone are no command.
        let missing = try migrate(["--env", "dev"])
        missing.expect(2)
        #expect(missing.errors == "error: a subcommand is missing\nhint: Run 'migrate --help'.\n")
    }

    @Test(arguments: subcommands)
    func `help of a subcommand, its own options first`(_ subcommand: String) throws {
        let help = try migrate(["help", subcommand])
        help.expect(0)
        #expect(try migrate([subcommand, "--help"]).output == help.output)
        #expect(try migrate([subcommand, "-h"]).output == help.output)
        let own = try #require(help.output.range(of: "\nOPTIONS:\n"))
        let global = try #require(help.output.range(of: "\nGLOBAL OPTIONS:\n"))
        #expect(own.lowerBound < global.lowerBound)
        #expect(
            help.output.split(separator: "\n").allSatisfy {
                $0.count <= 80 || $0.hasPrefix("USAGE")
            })
    }

    @Test(arguments: [
        (["statsu"], "there is no subcommand 'statsu'", "Did you mean 'status'?"),
        (["help", "upp"], "there is no subcommand 'upp'", "Did you mean 'up'?"),
        (["--env", "dev", "dwon"], "there is no subcommand 'dwon'", "Did you mean 'down'?"),
        // What other tools call them.
        (["rollback"], "there is no subcommand 'rollback'", "Did you mean 'down'?"),
        (["create", "x"], "there is no subcommand 'create'", "Did you mean 'new'?"),
        (
            ["frobnicate"], "there is no subcommand 'frobnicate'",
            "The subcommands are init, new, status, plan, approve, up, down, redo, verify, baseline, adopt, convert, "
                + "repair, doctor, environments, snapshot, restore, audit, "
                + "confirm."
        ),
        (["up", "--dryrun"], "unknown option '--dryrun'", "Did you mean '--dry-run'?"),
        (["--josn", "up"], "unknown option '--josn'", "Did you mean '--json'?"),
        (["up", "--zzz"], "unknown option '--zzz'", "Run 'migrate up --help'."),
        (["up", "now"], "unexpected argument 'now'", "Run 'migrate up --help'."),
        (
            ["up", "--count", "x"],
            "the value 'x' is invalid for '--count <n>'\n  --count <n>  Apply at most so many.",
            "Run 'migrate up --help'."
        ),
        (
            ["up", "--lock-wait", "5"],
            "the value '5' is invalid for '--lock-wait <duration>'\n"
                + "  --lock-wait <duration>  How long to wait for another run: 30s, 5m.",
            "Run 'migrate up --help'."
        ),
        (
            ["status", "--color", "maybe"],
            "the value 'maybe' is invalid for '--color <when>'\n"
                + "  --color <when>  auto, always or never (also NO_COLOR).",
            "Write one of 'auto', 'always' or 'never'."
        ),
        (
            ["baseline"],
            "missing expected argument '<version>'\n"
                + "  <version>  The newest version that the database already has.",
            "Run 'migrate baseline --help'."
        ),
    ])
    func `a slip is told with a suggestion`(
        _ arguments: [String], _ message: String, _ hint: String
    ) throws {
        let result = try migrate(arguments, environment: ["MIGRATE_URL": "sqlite:app.db"])
        result.expect(2)
        #expect(result.output == "")
        #expect(result.errors == "error: \(message)\nhint: \(hint)\n")
        #expect(!folder.has("app.db"))
    }

    @Test func `the version, and those of the libraries, wherever it is asked for`() throws {
        let version = try migrate(["--version"])
        version.expect(0)
        #expect(
            version.output.firstMatch(
                of:
                    /^migrate \d+\.\d+\.\d+ \(libpq \d+\.\d+, SQLite 3\.\d+\.\d+, libyaml [\d.]+\)\n$/
            ) != nil)
        // It must not run what stands beside it.
        try folder.folder("migrations")
        try folder.write("SELECT 1;", to: "migrations/001_a.up.sql")
        for arguments in [["up", "--version"], ["--version", "up"], ["--version", "--quiet"]] {
            let result = try migrate(arguments, environment: ["MIGRATE_URL": "sqlite:app.db"])
            #expect(result.output == version.output)
        }
        #expect(!folder.has("app.db"))
    }

    @Test func `the manual page has every subcommand and option, each in its place`() throws {
        let page = try migrate(["help", "manual"])
        page.expect(0)
        let lines = page.output.components(separatedBy: "\n")
        let sections = lines.filter { $0.hasPrefix(".Sh ") }.map { $0.dropFirst(4) }
        #expect(
            sections == [
                "NAME", "SYNOPSIS", "DESCRIPTION", "SUBCOMMANDS", "GLOBAL OPTIONS", "ENVIRONMENT",
                "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO",
            ])
        for subcommand in Self.subcommands {
            let start = try #require(
                lines.firstIndex { ($0 + " ").hasPrefix(".Ss migrate \(subcommand) ") })
            let end = lines[(start + 1)...].firstIndex { $0.hasPrefix(".S") } ?? lines.endIndex
            let own = lines[start..<end].joined(separator: "\n").replacingOccurrences(
                of: "\\", with: "")
            let help = try migrate(["help", subcommand]).output
            let sections = help.components(separatedBy: "\nGLOBAL OPTIONS:\n")
            #expect(sections.count == 2)
            for match in sections[0].matches(of: /(?m)^  (?:-., )?--([a-z-]+)/) {
                guard match.1 != "help" else { continue }
                #expect(own.contains("Fl -\(match.1)"), "--\(match.1) of \(subcommand)")
            }
        }
        // No line begins with what only looks like a request.
        let requests = Set(lines.filter { $0.hasPrefix(".") }.map { $0.prefix(3) })
        #expect(
            requests.isSubset(of: [
                ".Dd", ".Dt", ".Os", ".Sh", ".Ss", ".Nm", ".Nd", ".Op", ".Ar", ".Fl", ".Cm", ".Pp",
                ".Bl", ".It", ".El", ".Bd", ".Ed", ".Xr",
            ]), "\(requests)")
    }

    // MARK: Completions

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a completion script for each shell`(_ shell: String) throws {
        let script = try migrate(["--generate-completion-script", shell])
        script.expect(0)
        for word in Self.subcommands + ["dry-run", "allow-out-of-order", "accept-checksum"] {
            #expect(script.output.contains(word), "\(word) for \(shell)")
        }
    }

    /// What bash offers for a command line whose last word is being typed.
    private func bash(_ words: [String]) throws -> Set<String> {
        let script = try migrate(["--generate-completion-script", "bash"]).output
        try folder.write(script, to: "migrate.bash")
        try folder.write(
            """
            set -e
            source ./migrate.bash
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            COMP_TYPE=9 COMP_KEY=9
            function=$(complete -p migrate | sed -E 's/.*-F ([^ ]+).*/\\1/')
            "$function" migrate "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || true
            printf '%s\\n' "${COMPREPLY[@]}"
            """, to: "complete.sh")
        #expect(try Tool.run("bash", ["-n", folder.file("migrate.bash")]) == "")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["bash", "complete.sh"] + words
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return Set(lines.map { $0.trimmingCharacters(in: .whitespaces) })
    }

    @Test func `bash completes subcommands, options and values`() throws {
        #expect(try bash(["migrate", "st"]) == ["status"])
        #expect(try bash(["migrate", "d"]) == ["down", "doctor"])
        #expect(try bash(["migrate", "up", "--dr"]) == ["--dry-run"])
        #expect(try bash(["migrate", "up", "--allow"]) == ["--allow-out-of-order"])
        #expect(try bash(["migrate", "up", "--phase", "c"]) == ["contract"])
        #expect(try bash(["migrate", "status", "--color", ""]) == ["auto", "always", "never"])
        #expect(try bash(["migrate", "--js"]) == ["--json"])
        try folder.folder("some/db")
        try folder.write("", to: "some.yaml")
        #expect(try bash(["migrate", "--dir", "so"]) == ["some"])
        #expect(try bash(["migrate", "up", "--config", "some."]) == ["some.yaml"])
        let down = try bash(["migrate", "down", "--"])
        #expect(down.isSuperset(of: ["--count", "--to", "--run", "--all", "--dry-run", "--env"]))
        #expect(down.isDisjoint(with: ["--phase", "--exit-code"]))
    }
}
