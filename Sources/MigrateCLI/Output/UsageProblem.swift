internal import ArgumentParser
internal import Migrations

/// What is wrong with a command line. The argument parser finds it; the words and the hint are
/// ours, so that a slip reads like every other failure.
struct UsageProblem {
    /// The subcommand whose arguments they are; nil where none was reached.
    let command: String?
    let failure: Failure

    /// Takes what the parser threw.
    init(_ error: any Error) {
        let lines = RootCommand.fullMessage(for: error).split(separator: "\n").map(String.init)
        let place = Self.place(lines)
        command =
            place == RootCommand.name
            ? nil : place.split(separator: " ").dropFirst().joined(separator: " ")
        let message = RootCommand.message(for: error)
        if command == nil, message.contains("nexpected argument"),
            let word = Self.quoted(message).first
        {
            failure = Self.unknownSubcommand(word)
            return
        }
        let (words, hint) = Self.split(message)
        var problem = Failure(.usage, "usage", words, hint: hint ?? "Run '\(place) --help'.")
        // What the option is for says what its value has to look like.
        if let help = lines.first(where: { $0.hasPrefix("Help:") }) {
            problem.notes.append(String(help.dropFirst("Help:".count).drop { $0 == " " }))
        }
        failure = problem
    }

    /// A word in the place of a subcommand's name.
    static func unknownSubcommand(_ word: String) -> Failure {
        let names = RootCommand.subcommandNames
        let meant = names.nearest(to: word) ?? elsewhere[word.lowercased()]
        return Failure(
            .usage, "usage", "there is no subcommand '\(word)'",
            hint: meant.map { "Did you mean '\($0)'?" }
                ?? "The subcommands are \(names.joined(separator: ", ")).")
    }

    /// What other tools call our subcommands.
    private static let elsewhere = [
        "rollback": "down", "revert": "down", "undo": "down", "migrate": "up", "apply": "up",
        "upgrade": "up", "deploy": "up", "create": "new", "generate": "new", "add": "new",
        "info": "status", "list": "status", "version": "--version", "validate": "verify",
        "backup": "snapshot create", "dump": "snapshot create", "check": "verify",
        "force": "repair", "resolve": "repair", "reset": "redo",
    ]

    /// The words before `--help` in the parser's last line, `See 'migrate up --help' for …`.
    private static func place(_ lines: [String]) -> String {
        guard let line = lines.last(where: { $0.hasPrefix("  See '") }),
            let words = quoted(line).first
        else { return RootCommand.name }
        return words.split(separator: " ").prefix { !$0.hasPrefix("-") }.joined(separator: " ")
    }

    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// The first sentence in lower case as the message, and the next one as the hint.
    private static func split(_ text: String) -> (message: String, hint: String?) {
        var message = text
        var hint: String?
        for start in [". Did you mean ", ". Please provide one of "] {
            guard let range = text.firstRange(of: start) else { continue }
            message = String(text[..<range.lowerBound])
            let rest = text[range.upperBound...]
            hint = start.contains("mean") ? "Did you mean \(rest)" : "Write one of \(rest)"
        }
        // The parser's idea of a likely option is wide.
        let words = hint.map(quoted)?.first
        if hint?.hasPrefix("Did") == true, let words, let typed = quoted(message).first,
            [words].nearest(to: typed) == nil
        {
            hint = nil
        }
        while message.last == "." { message.removeLast() }
        return (message.prefix(1).lowercased() + message.dropFirst(), hint)
    }
}
