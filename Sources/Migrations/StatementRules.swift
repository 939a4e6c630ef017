internal import Database
package import SQLText

/// What the runner has to know about a statement before it runs, from its first words.
package enum StatementKind: Sendable, Hashable {
    /// Runs in a transaction like any other.
    case ordinary
    /// The server refuses it inside a transaction: `VACUUM`, `CREATE INDEX CONCURRENTLY`, …; the
    /// text names it in messages.
    case needsNoTransaction(String)
    /// May commit by itself: `CALL`, and `DO` with a COMMIT in its body.
    case mayCommit
    /// Opens a transaction: `BEGIN`, `START TRANSACTION`.
    case begins(String)
    /// Ends one: `COMMIT`, `END`, `ROLLBACK`, `ABORT`, `PREPARE TRANSACTION`.
    case ends(String)
    /// SQLite's `PRAGMA foreign_keys`, which does nothing inside a transaction; the runner does
    /// what it asks for around the transaction.
    case foreignKeysPragma
    /// Changes the session for the statements that follow it: `SET`, `RESET`, SQLite's `PRAGMA`.
    case setsSession
    /// Makes something that lives as long as the session (SQLite; PostgreSQL's are discarded).
    case createsTemporary
    /// SQLite's `DROP TABLE` and `ALTER TABLE`, of which a table's rebuild is made.
    case dropsOrRenamesTable

    /// Sorts a statement.
    package init(_ statement: SQLStatement, in script: SQLScript) {
        let words = statement.words
        switch script.dialect {
        case .postgres: self = Self.postgres(words, statement, script)
        case .sqlite: self = Self.sqlite(words)
        }
    }

    private static func postgres(
        _ words: [String], _ statement: SQLStatement, _ script: SQLScript
    ) -> StatementKind {
        let first = words.first ?? ""
        let second = words.count > 1 ? words[1] : ""
        switch first {
        case "BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "START", "PREPARE":
            return transactionControl(words)
        case "VACUUM":
            return .needsNoTransaction("VACUUM")
        case "CALL":
            return .mayCommit
        case "DO":
            let text = script.text(of: statement).uppercased()
            return text.contains("COMMIT") || text.contains("ROLLBACK") ? .mayCommit : .ordinary
        case "CREATE" where ["DATABASE", "TABLESPACE", "SUBSCRIPTION"].contains(second),
            "DROP" where ["DATABASE", "TABLESPACE", "SUBSCRIPTION"].contains(second):
            return .needsNoTransaction("\(first) \(second)")
        case "CREATE", "DROP":
            guard words.prefix(4).contains("INDEX"), words.prefix(5).contains("CONCURRENTLY")
            else { return .ordinary }
            return .needsNoTransaction("\(first) INDEX CONCURRENTLY")
        case "REINDEX":
            if words.contains("CONCURRENTLY") { return .needsNoTransaction("REINDEX CONCURRENTLY") }
            let target = words.dropFirst().first { ["DATABASE", "SYSTEM", "SCHEMA"].contains($0) }
            return target.map { .needsNoTransaction("REINDEX \($0)") } ?? .ordinary
        case "CLUSTER" where words.count == 1 || words == ["CLUSTER", "VERBOSE"]:
            return .needsNoTransaction("CLUSTER of all tables")
        case "ALTER" where second == "SYSTEM":
            return .needsNoTransaction("ALTER SYSTEM")
        case "ALTER" where second == "DATABASE" && words.contains("TABLESPACE"):
            return .needsNoTransaction("ALTER DATABASE … SET TABLESPACE")
        case "ALTER" where second == "SUBSCRIPTION" && words.contains("REFRESH"):
            return .needsNoTransaction("ALTER SUBSCRIPTION … REFRESH")
        case "ALTER"
        where second == "TABLE" && words.contains("DETACH")
            && words.contains("CONCURRENTLY"):
            return .needsNoTransaction("DETACH PARTITION … CONCURRENTLY")
        case "DISCARD" where second == "ALL":
            return .needsNoTransaction("DISCARD ALL")
        case "SET", "RESET":
            return ["LOCAL", "TRANSACTION", "CONSTRAINTS"].contains(second)
                ? .ordinary : .setsSession
        default:
            return .ordinary
        }
    }

    private static func transactionControl(_ words: [String]) -> StatementKind {
        let second = words.count > 1 ? words[1] : ""
        switch words.first ?? "" {
        case "BEGIN": return .begins("BEGIN")
        case "START": return second == "TRANSACTION" ? .begins("START TRANSACTION") : .ordinary
        case "PREPARE": return second == "TRANSACTION" ? .ends("PREPARE TRANSACTION") : .ordinary
        case "COMMIT", "ROLLBACK":
            // ROLLBACK TO SAVEPOINT stays inside; COMMIT PREPARED cannot run inside.
            if words.contains("TO") { return .ordinary }
            if second == "PREPARED" { return .needsNoTransaction("\(words[0]) PREPARED") }
            return .ends(words[0])
        default: return .ends(words.first ?? "")
        }
    }

    private static func sqlite(_ words: [String]) -> StatementKind {
        switch words.first ?? "" {
        case "BEGIN": return .begins("BEGIN")
        case "COMMIT", "END": return .ends(words[0])
        case "ROLLBACK": return words.contains("TO") ? .ordinary : .ends("ROLLBACK")
        case "VACUUM": return .needsNoTransaction("VACUUM")
        case "DROP", "ALTER":
            return words.dropFirst().first == "TABLE" ? .dropsOrRenamesTable : .ordinary
        case "ATTACH", "DETACH": return .needsNoTransaction(words[0])
        case "PRAGMA":
            let name = words.count > 3 && words[2] == "." ? words[3] : words.dropFirst().first
            switch name?.uppercased() {
            case "FOREIGN_KEYS": return .foreignKeysPragma
            case "JOURNAL_MODE": return .needsNoTransaction("PRAGMA journal_mode")
            case "SYNCHRONOUS": return .needsNoTransaction("PRAGMA synchronous")
            default: return .setsSession
            }
        case "CREATE":
            return ["TEMP", "TEMPORARY"].contains(words.dropFirst().first ?? "")
                ? .createsTemporary : .ordinary
        default: return .ordinary
        }
    }
}

extension StatementKind {
    /// True for what has to be said again where a run goes on behind it.
    var setsSession: Bool {
        switch self {
        case .setsSession, .foreignKeysPragma: true
        case .needsNoTransaction(let name):
            ["ATTACH", "DETACH", "PRAGMA synchronous"].contains(name)
        default: false
        }
    }

    /// True for what may leave something behind in an SQLite session.
    var changesSQLiteSession: Bool { setsSession || self == .createsTemporary }
}

extension Script {
    /// Refuses what cannot work in the way that the file asks to be run.
    ///
    /// - Throws: `.invalidFiles` with file:line:column, for a transactional file that holds
    ///   `BEGIN`, `COMMIT` or a statement that runs in no transaction.
    func checkStatements() throws(MigrationError) {
        for (statement, kind) in zip(sql.statements, kinds) {
            let start = statement.range.lowerBound
            switch kind {
            case .begins(let name) where !directives.noTransaction,
                .ends(let name) where !directives.noTransaction:
                throw .inFile(
                    file, sql, at: start,
                    "'\(name)' in a migration that already runs in a transaction",
                    hint: "Delete it: the file's statements, its checks and its history row are "
                        + "committed together. "
                        + (layout == .native
                            ? "To run outside a transaction, put '-- migrate: no-transaction' at the "
                                + "top. Files written for golang-migrate run as they are with "
                                + "'layout: golang-migrate'."
                            : "To run outside a transaction: \(layout.reader.withoutTransaction)."))
            case .needsNoTransaction(let name) where !directives.noTransaction:
                throw .inFile(
                    file, sql, at: start, "'\(name)' cannot run inside a transaction",
                    hint: "\(layout.reader.withoutTransaction); its "
                        + "statements then run one by one, and each finished one is recorded.")
            default: continue
            }
        }
        try checkTransactionBlocks()
    }

    /// In a file without transaction, `BEGIN … COMMIT` makes a block of its own.
    private func checkTransactionBlocks() throws(MigrationError) {
        var openedAt: Int?
        for (statement, kind) in zip(sql.statements, kinds) {
            let start = statement.range.lowerBound
            switch (kind, openedAt) {
            case (.begins, nil): openedAt = start
            case (.begins(let name), .some(let opening)):
                throw .inFile(
                    file, sql, at: start,
                    "'\(name)' inside the transaction that begins in line "
                        + "\(sql.position(at: opening).line)",
                    hint: "Close that one with COMMIT first, or use SAVEPOINT.")
            case (.ends, .some): openedAt = nil
            case (.ends(let name), nil):
                throw .inFile(
                    file, sql, at: start, "'\(name)' without a BEGIN before it",
                    hint: "Delete it: each statement of this file is committed by itself.")
            default: continue
            }
        }
        if let openedAt {
            throw .inFile(
                file, sql, at: openedAt, "the transaction that begins here is never committed",
                hint: "Add COMMIT, or delete BEGIN.")
        }
    }

    /// True where the file asks for SQLite's foreign keys to be off while it runs, or rebuilds a
    /// table, which needs it: with them on, DROP TABLE deletes the table's rows first, and with
    /// them those that refer to it. A rebuild is `DROP TABLE x … ALTER TABLE y RENAME TO x`, or the
    /// other way about, `ALTER TABLE x RENAME TO y … DROP TABLE y`.
    var wantsForeignKeysOff: Bool {
        guard sql.dialect == .sqlite else { return false }
        if directives.foreignKeysOff { return true }
        var dropped: Set<String> = []
        var renamed: Set<String> = []
        for (statement, kind) in zip(sql.statements, kinds) {
            guard kind == .foreignKeysPragma || kind == .dropsOrRenamesTable else { continue }
            let words = statement.words.map { Self.unquoted($0).uppercased() }
            guard let last = words.last else { continue }
            let off: Set<String> = ["OFF", "0", "FALSE", "NO"]
            if kind == .foreignKeysPragma, !off.isDisjoint(with: words.dropFirst(2)) { return true }
            if words.starts(with: ["DROP", "TABLE"]) {
                if renamed.contains(last) { return true }
                dropped.insert(last)
            }
            if words.starts(with: ["ALTER", "TABLE"]),
                words.suffix(3).starts(with: ["RENAME", "TO"])
            {
                if dropped.contains(last) { return true }
                renamed.insert(last)
            }
        }
        return false
    }

    private static func unquoted(_ word: String) -> String {
        guard let first = word.first, word.count >= 2, "\"'`[".contains(first) else { return word }
        return String(word.dropFirst().dropLast())
    }
}
