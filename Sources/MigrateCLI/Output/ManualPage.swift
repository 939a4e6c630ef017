internal import ArgumentParser
internal import FoundationEssentials
internal import Migrations

/// The manual page, in mdoc: `migrate help manual | man -l -`.
///
/// Commands and options come from the argument parser's own account of them, each option once: the
/// global ones have a section of their own. Source: mdoc(7)
struct ManualPage {
    private let root: CommandAccount

    /// Reads the account; nil where it cannot be read, which would be a mistake of this program.
    init?() {
        let bytes = Data(RootCommand._dumpHelp().utf8)
        guard let tool = try? JSONDecoder().decode(ToolAccount.self, from: bytes) else {
            return nil
        }
        root = tool.command
    }

    /// The whole page.
    var text: String { lines.joined(separator: "\n") }

    private var lines: [String] {
        head + subcommands
            + [".Sh GLOBAL OPTIONS", "They stand before the subcommand or behind it."]
            + list(root.arguments.filter(\.isGlobal)) + tail
    }

    private var head: [String] {
        let date = RunIdentity.systemTime().prefix(10)
        var lines = [
            ".Dd \(date)", ".Dt MIGRATE 1", ".Os migrate \(BuildInformation.version)", ".Sh NAME",
            ".Nm migrate",
        ]
        lines += [".Nd " + Mdoc.title(root.abstract ?? "")]
        lines += [".Sh SYNOPSIS", ".Nm", ".Op Ar options", ".Ar subcommand", ".Op Ar arguments"]
        lines += [".Nm", ".Fl \\-version", ".Nm", ".Cm help", ".Op Ar subcommand"]
        lines += [".Sh DESCRIPTION"] + Mdoc.text(root.discussion ?? "")
        return lines
    }

    private var subcommands: [String] {
        var lines = [".Sh SUBCOMMANDS"]
        for command in root.subcommands ?? [] where command.commandName != "help" {
            lines += section(command, root.commandName)
        }
        return lines
    }

    /// A command, or the commands of a group.
    private func section(_ command: CommandAccount, _ parent: String) -> [String] {
        let name = "\(parent) \(command.commandName)"
        let group = (command.subcommands ?? []).filter { $0.commandName != "help" }
        guard group.isEmpty else { return group.flatMap { section($0, name) } }
        let own = command.arguments.filter { !$0.isGlobal && $0.isShown }
        var title = ".Ss \(name)"
        for operand in own where operand.isPositional {
            title += " Ar \(operand.valueName ?? "")" + (operand.isRepeating ? " ..." : "")
        }
        var lines = [title] + Mdoc.text(command.abstract ?? "")
        if let discussion = command.discussion { lines += [".Pp"] + Mdoc.text(discussion) }
        return lines + list(own)
    }

    private func list(_ arguments: [ArgumentAccount]) -> [String] {
        guard !arguments.isEmpty else { return [] }
        return [".Bl -tag -width Ds"]
            + arguments.flatMap { [$0.item] + Mdoc.text($0.abstract ?? "") + $0.values } + [".El"]
    }

    private var tail: [String] {
        var lines = [".Sh ENVIRONMENT", ".Bl -tag -width Ds"]
        for (name, meaning) in Self.variables { lines += [".It Ev \(name)"] + Mdoc.text(meaning) }
        lines += [".El", ".Sh FILES", ".Bl -tag -width Ds"]
        for (name, meaning) in Self.files { lines += [".It Pa \(name)"] + Mdoc.text(meaning) }
        lines += [".El", ".Sh EXIT STATUS", ".Bl -tag -width Ds"]
        for status in ExitStatus.allCases {
            lines += [".It \(status.rawValue)"] + Mdoc.text(status.meaning)
        }
        lines += [".El", ".Sh EXAMPLES"]
        for (index, (meaning, command)) in Self.examples.enumerated() {
            if index > 0 { lines.append(".Pp") }
            lines += Mdoc.text(meaning) + [".Bd -literal -offset indent"] + Mdoc.text(command)
            lines += [".Ed"]
        }
        return lines + [".Sh SEE ALSO", ".Xr psql 1 ,", ".Xr sqlite3 1"]
    }

    private static let variables = [
        (
            "MIGRATE_ENV, MIGRATE_CONFIG, MIGRATE_URL, MIGRATE_DIR",
            "As the options --env, --config, --url and --dir, which go before."
        ),
        (
            "MIGRATE_LAYOUT, MIGRATE_HISTORY_TABLE, MIGRATE_ALSO_WRITE",
            "As the keys history_table and also_write of the configuration, before which they go."
        ),
        ("MIGRATE_REPOSITORY", "As the option --repository of snapshot and restore."),
        ("NO_COLOR", "No colour, if it is set and not empty."),
        (
            "PGHOST, PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE, ...",
            "As for every program that uses libpq."
        ),
    ]

    private static let files = [
        ("migrate.yaml", "The configuration; looked for in this folder and its parents."),
        (
            "migrations/VERSION_name.up.sql, migrations/VERSION_name.down.sql",
            "A migration, and how to undo it."
        ),
        ("verify/*.sql", "Queries that must return no row."),
    ]

    private static let examples = [
        ("A first migration on an SQLite file:", "migrate init && migrate up"),
        (
            "Without a configuration:",
            "migrate up --url postgres://app@db.example/app --dir db/migrations"
        ),
        (
            "A deployment that stops where something is pending:",
            "migrate --env production status --exit-code"
        ),
    ]
}

/// Text in mdoc's syntax.
private enum Mdoc {
    /// Lines of text, a new one for each sentence; a leading full stop or quote would be a request.
    static func text(_ text: String) -> [String] {
        text.replacing(/\. (?=[A-Z])/, with: ".\n").split(separator: "\n").map { line in
            let escaped = escape(String(line))
            return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
        }
    }

    /// A sentence as a title: in lower case, without its full stop.
    static func title(_ sentence: String) -> String {
        let words = sentence.last == "." ? sentence.dropLast() : sentence[...]
        return escape(words.prefix(1).lowercased() + words.dropFirst())
    }

    /// Hyphens that a person types, and straight quotes, as what they are.
    static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            .replacing("'", with: "\\(aq")
    }
}

// MARK: The parser's account

private struct ToolAccount: Decodable {
    var command: CommandAccount
}

private struct CommandAccount: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var arguments: [ArgumentAccount]
    var subcommands: [CommandAccount]?
}

private struct ArgumentAccount: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String
    }

    var kind: String
    var shouldDisplay: Bool
    var isRepeating: Bool
    var sectionTitle: String?
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var allValues: [String]?
    var defaultValue: String?

    var isPositional: Bool { kind == "positional" }
    var isGlobal: Bool { sectionTitle == "Global options" }
    /// Help is the same everywhere.
    var isShown: Bool { shouldDisplay && names?.contains { $0.name == "help" } != true }

    /// The line that names it: `.It Fl q , Fl \-quiet`.
    var item: String {
        guard !isPositional else { return ".It Ar \(valueName ?? "")" }
        let names = (names ?? []).sorted { $0.name.count < $1.name.count }.map { name in
            "Fl " + (name.kind == "long" ? "\\-" : "") + Mdoc.escape(name.name)
        }
        let value = kind == "option" ? " Ar \(Mdoc.escape(valueName ?? ""))" : ""
        return ".It " + names.joined(separator: " , ") + value
    }

    /// The default, where there is one that says something.
    var values: [String] {
        guard let defaultValue, kind == "option" else { return [] }
        return ["The default is \(Mdoc.escape(defaultValue))."]
    }
}
