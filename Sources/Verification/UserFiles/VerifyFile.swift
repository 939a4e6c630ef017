package import Database
internal import SQLText

/// A file of the user's queries, each of which must return no row.
package struct VerifyFile: Sendable {
    /// One query, and where it stands.
    struct Query: Sendable {
        var sql: String
        /// Byte offset in the file.
        var offset: Int
        /// The `-- …` lines right above it, joined; nil where there are none.
        var description: String?
        /// True for SET and RESET, which hold for the queries behind them in the file.
        var isSetting: Bool
    }

    /// The file's path as it is shown.
    package let path: String
    let script: SQLScript
    let queries: [Query]

    /// Reads a file's bytes.
    ///
    /// - Throws: `VerifyFileError` for a file that is empty or cannot be split into statements, and
    ///   for one that holds a statement that can be no query: `BEGIN`, `COMMIT` and the like, `COPY`,
    ///   on SQLite anything but `SELECT`, `WITH`, `VALUES` and `PRAGMA foreign_key_check`.
    package init(
        _ bytes: [UInt8], path: String, dialect: Dialect
    ) throws(VerifyFileError) {
        self.path = path
        guard !bytes.isEmpty else {
            throw VerifyFileError(
                path: path, message: "the file is empty",
                hint: "Write a query that must return no row, or delete the file.")
        }
        let script: SQLScript
        do {
            script = try SQLScript(bytes, dialect: dialect == .postgres ? .postgres : .sqlite)
        } catch {
            throw VerifyFileError(
                path: path, message: error.message, hint: error.hint, position: error.position,
                sourceLine: SQLScript.line(at: error.offset, in: bytes))
        }
        self.script = script
        var previousEnd = 0
        var queries: [Query] = []
        for statement in script.statements {
            if let refusal = Self.refusal(of: statement, dialect) {
                throw VerifyFileError(
                    path: path, message: refusal.message, hint: refusal.hint,
                    position: script.position(at: statement.range.lowerBound),
                    sourceLine: script.line(at: statement.range.lowerBound))
            }
            queries.append(
                Query(
                    sql: script.text(of: statement), offset: statement.range.lowerBound,
                    description: Self.description(
                        script.text(of: previousEnd..<statement.range.lowerBound)),
                    isSetting: ["SET", "RESET"].contains(statement.words.first)))
            previousEnd = statement.range.upperBound
        }
        self.queries = queries
    }

    /// The comment lines that end the text between two statements.
    private static func description(_ text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().reversed()
            .map { $0.drop(while: \.isWhitespace) }
            .prefix { $0.hasPrefix("--") && !$0.hasPrefix("-- migrate:") }
            .map { $0.drop { $0 == "-" }.drop(while: \.isWhitespace) }
            .reversed()
        let joined = lines.joined(separator: " ")
            .filter { $0 != "\r" }
        return joined.isEmpty ? nil : joined
    }

    // MARK: What is no query

    private static func refusal(
        of statement: SQLStatement, _ dialect: Dialect
    ) -> (message: String, hint: String)? {
        let words = statement.words
        let first = words.first ?? ""
        let name = words.prefix(2).joined(separator: " ")
        switch first {
        case "BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
            return transactionControl(first)
        case "START" where name == "START TRANSACTION",
            "PREPARE" where name == "PREPARE TRANSACTION":
            return transactionControl(name)
        case "SET"
        where words.prefix(3).contains("TRANSACTION")
            || name == "SET SESSION"
                && words.contains("CHARACTERISTICS"):
            return transactionControl("SET TRANSACTION")
        case "COPY":
            return (
                "'COPY' in a file of queries",
                "Write a query whose rows show what is wrong, SELECT …"
            )
        default: break
        }
        guard dialect == .sqlite else { return nil }
        let isReport =
            first == "PRAGMA" && words.contains("FOREIGN_KEY_CHECK") && !words.contains("=")
        guard !isReport, !["SELECT", "WITH", "VALUES"].contains(first) else { return nil }
        return (
            "'\(name)' is no query",
            "Write a query whose rows show what is wrong: SELECT …, WITH … SELECT …, VALUES … or "
                + "PRAGMA foreign_key_check."
        )
    }

    private static func transactionControl(_ name: String) -> (message: String, hint: String) {
        (
            "'\(name)' in a file of queries",
            "Delete it: the file runs in a read-only transaction that is rolled back."
        )
    }
}

/// Why a file of queries cannot be run.
package struct VerifyFileError: Error, Sendable {
    /// The file's path as it is shown.
    package var path: String
    /// What is wrong: lower case, no full stop.
    package var message: String
    /// What to do about it, in whole sentences.
    package var hint: String?
    /// From 1; nil where it is about the whole file.
    package var line: Int?
    /// From 1, in characters.
    package var column: Int?
    /// The source line, for display with a caret under `column`.
    package var sourceLine: String?

    init(
        path: String, message: String, hint: String?, position: SourcePosition? = nil,
        sourceLine: String? = nil
    ) {
        self.path = path
        self.message = message
        self.hint = hint
        line = position?.line
        column = position?.column
        self.sourceLine = sourceLine
    }
}

extension VerifyFile {
    /// Which of a folder's files are run on a database: every `name.sql` that is not hidden, with
    /// `name.postgres.sql` or `name.sqlite.sql` in its place on that database.
    ///
    /// - Parameters:
    ///   - names: the names in the folder.
    ///   - dialect: the database.
    /// - Returns: the names, sorted by their bytes.
    /// - Throws: `VerifyFileError` for a name with another word for a database, `name.pg.sql`.
    package static func select(
        _ names: [String], dialect: Dialect
    ) throws(VerifyFileError) -> [String] {
        var chosen: [String: (name: String, isVariant: Bool)] = [:]
        for name in names where name.hasSuffix(".sql") && !name.hasPrefix(".") {
            let stem = String(name.dropLast(".sql".count))
            let word = stem.lastIndex(of: ".").map { String(stem[stem.index(after: $0)...]) }
            if let word, let meant = misspelt[word] {
                throw VerifyFileError(
                    path: name, message: "'\(word)' is not a database in a file name",
                    hint: "Name it '.\(meant).sql'.")
            }
            guard let word, let variant = Dialect(rawValue: word) else {
                if chosen[stem]?.isVariant != true { chosen[stem] = (name, false) }
                continue
            }
            guard variant == dialect else { continue }
            chosen[String(stem.dropLast(word.count + 1))] = (name, true)
        }
        return chosen.values.map(\.name).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }

    private static let misspelt = [
        "postgresql": "postgres", "pg": "postgres", "psql": "postgres", "pgsql": "postgres",
        "sqlite3": "sqlite",
    ]
}
