internal import FoundationEssentials

/// What is told of a run: facts, from which the texts are made.
package struct Notice: Sendable, Encodable {
    /// A migration that ran.
    package struct Migration: Sendable, Hashable, Encodable {
        /// The version.
        package var version: String
        /// Its name.
        package var name: String

        /// Creates one.
        package init(version: String, name: String) {
            self.version = version
            self.name = name
        }
    }

    /// `start`, `success`, `failure` or `refusal`.
    package var event: String
    /// The command: `up`.
    package var command: String
    /// The environment.
    package var environment: String
    /// The database's address, without secrets.
    package var database: String
    /// `user@host`.
    package var by: String
    /// RFC 3339, UTC.
    package var at: String
    /// The run; nil where none began.
    package var run_id: String?
    /// What it will apply, has applied, or would have.
    package var migrations: [Migration]
    /// What went wrong; nil where nothing did.
    package var message: String?
    /// What to do about it.
    package var hint: String?
    /// The snapshot that was taken before.
    package var snapshot: String?

    /// Creates a notice.
    package init(
        event: String, command: String, environment: String, database: String, by: String,
        at: String, runID: String?, migrations: [Migration], message: String? = nil,
        hint: String? = nil, snapshot: String? = nil
    ) {
        self.event = event
        self.command = command
        self.environment = environment
        self.database = database
        self.by = by
        self.at = at
        run_id = runID
        self.migrations = migrations
        self.message = message
        self.hint = hint
        self.snapshot = snapshot
    }

    /// The document, on one line, keys in alphabetical order.
    package var json: String { Self.text(self) }

    /// The document that Slack's incoming webhooks read: `text`, in Slack's own markup, in which `&`,
    /// `<` and `>` are escaped.
    ///
    /// Source: https://docs.slack.dev/messaging/formatting-message-text
    package var slack: String {
        struct Document: Encodable { var text: String }
        return Self.text(Document(text: Self.escaped(lines.joined(separator: "\n"))))
    }

    /// The lines for a person.
    package var lines: [String] {
        let what =
            migrations.isEmpty
            ? ""
            : ": "
                + migrations.prefix(10).map { "\($0.version) \($0.name)" }
                .joined(separator: ", ") + (migrations.count > 10 ? ", …" : "")
        let count = migrations.count == 1 ? "1 migration" : "\(migrations.count) migrations"
        let first =
            switch event {
            case "start": "\(environment): \(command) begins, \(count)\(what)"
            case "success": "\(environment): \(command) succeeded, \(count)\(what)"
            case "refusal": "\(environment): \(command) was refused"
            default: "\(environment): \(command) FAILED"
            }
        var lines = [first]
        if let message { lines.append(message) }
        if let hint { lines.append(hint) }
        if event == "failure", !migrations.isEmpty { lines.append("applied before that\(what)") }
        if let snapshot { lines.append("snapshot \(snapshot)") }
        lines.append("\(database), by \(by)" + (run_id.map { ", run \($0)" } ?? ""))
        return lines
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(value) else { return "{}" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
