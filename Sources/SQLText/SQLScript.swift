/// The two dialects of SQL text, each with its own lexical rules.
package enum SQLDialect: Sendable, Hashable, CaseIterable {
    /// PostgreSQL, read as psql reads a file.
    case postgres
    /// SQLite, read as the sqlite3 shell reads a file.
    case sqlite
}

/// A token: the smallest piece of a statement that means something.
package struct SQLToken: Sendable, Hashable {
    /// What a token is, as far as its spelling says.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// An unquoted name or a keyword.
        case word
        /// A name in `"…"`, in SQLite also in `` `…` `` or `[…]`.
        case quotedIdentifier
        /// A string, bit string or blob constant, with its prefix; several that continue each other
        /// are one token.
        case string
        /// A numeric constant.
        case number
        /// `$1`; in SQLite `?`, `?1`, `:name`, `@name` and `$name`.
        case parameter
        /// An operator.
        case `operator`
        /// Parentheses, brackets, commas, dots, colons, a `;` inside a body, and any character that
        /// the dialect has no use for.
        case punctuation
    }

    /// What it is.
    package var kind: Kind
    /// Where it stands: byte offsets into the script.
    package var range: Range<Int>
}

/// One statement of a script. It shares the script's text and costs no copy of it.
package struct SQLStatement: Sendable {
    /// Byte offsets into the script: from the first token to the last before the `;`. Comments
    /// around the statement are outside, those between its tokens inside.
    package let range: Range<Int>
    /// The data block of a `COPY … FROM stdin`, without the line `\.` that closes it; nil for every
    /// other statement.
    package let copyData: Range<Int>?

    let source: ScriptSource
    let standardConformingStrings: Bool

    /// The first tokens of the statement, at most 24, for telling what it is: unquoted words in
    /// upper case, everything else as it is written. Lexed anew with each call.
    package var words: [String] {
        var words: [String] = []
        forEachToken { token in
            let text = String(decoding: source.bytes[token.range], as: UTF8.self)
            words.append(token.kind == .word ? text.uppercased() : text)
            return words.count < 24
        }
        return words
    }

    /// The statement's text.
    package var text: String { String(decoding: source.bytes[range], as: UTF8.self) }

    /// Lexes the statement until `body` returns false.
    func forEachToken(_ body: (SQLToken) -> Bool) {
        source.bytes.withUnsafeBufferPointer { bytes in
            var lexer = Lexer(bytes, source.dialect, range)
            lexer.standardConformingStrings = standardConformingStrings
            // The script was lexed before, so that nothing can be thrown here.
            while let lexeme = try? lexer.next() {
                guard let kind = lexeme.tokenKind else { continue }
                guard body(SQLToken(kind: kind, range: lexeme.range)) else { return }
            }
        }
    }
}

/// A script's text, shared by its statements.
final class ScriptSource: Sendable {
    let bytes: [UInt8]
    let dialect: SQLDialect
    /// Where each line begins.
    let lineStarts: [Int]

    init(_ bytes: [UInt8], _ dialect: SQLDialect, lineStarts: [Int]) {
        self.bytes = bytes
        self.dialect = dialect
        self.lineStarts = lineStarts
    }
}

/// A file of SQL, split into the statements that psql or the sqlite3 shell would run.
///
/// Every byte of the text belongs to exactly one of: a statement, a comment outside of one, white
/// space, a terminating `;`, COPY data with its closing line. Statements without a token do not
/// count. A byte-order mark at the start is skipped; offsets count it, positions do not. Thread-safe.
///
/// `:name` of psql is left as it stands, as psql does where no such variable is set.
package struct SQLScript: Sendable {
    /// The statements, in the order of the text.
    package let statements: [SQLStatement]
    /// The `-- …` comments before the first token of the text, each without its line end.
    package let headerComments: [Range<Int>]

    let source: ScriptSource

    /// The text as it was given.
    package var bytes: [UInt8] { source.bytes }
    /// The rules by which it was split.
    package var dialect: SQLDialect { source.dialect }

    /// Splits a text. Takes time linear in its length, and some 60 bytes a statement.
    ///
    /// - Throws: `SQLTextError` with any of its codes.
    package init(_ bytes: [UInt8], dialect: SQLDialect) throws(SQLTextError) {
        let start = SourceText.markLength(of: bytes)
        do {
            let lineStarts = try bytes.withUnsafeBufferPointer { source throws(SQLTextError) in
                try SourceText.lineStarts(of: source, from: start)
            }
            let source = ScriptSource(bytes, dialect, lineStarts: lineStarts)
            let outline = try bytes.withUnsafeBufferPointer { bytes throws(SQLTextError) in
                try Outline(bytes, source, from: start)
            }
            self.source = source
            statements = outline.statements
            headerComments = outline.headerComments
        } catch {
            throw error.located(in: bytes)
        }
    }

    private init(_ source: ScriptSource, _ statements: [SQLStatement], _ header: [Range<Int>]) {
        self.source = source
        self.statements = statements
        headerComments = header
    }

    /// The same text with its statements in another order, given as their indices in this one.
    package func reordered(_ order: [Int]) -> SQLScript {
        SQLScript(source, order.map { statements[$0] }, headerComments)
    }

    /// The text of a statement of this script.
    package func text(of statement: SQLStatement) -> String { text(of: statement.range) }

    /// The text of a token of this script.
    package func text(of token: SQLToken) -> String { text(of: token.range) }

    /// The text of a range of byte offsets, such as a header comment.
    package func text(of range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// All tokens of a statement of this script, `;` inside a body included.
    package func tokens(of statement: SQLStatement) -> [SQLToken] {
        var tokens: [SQLToken] = []
        statement.forEachToken { token in
            tokens.append(token)
            return true
        }
        return tokens
    }

    // MARK: Places

    /// The place of a byte offset; one beyond the end is the place just behind the last byte.
    package func position(at offset: Int) -> SourcePosition {
        let offset = min(max(0, offset), bytes.count)
        let line = lineIndex(at: offset)
        let start = source.lineStarts[line]
        return SourcePosition(
            line: line + 1,
            column: SourceText.scalarCount(of: bytes, from: start, to: offset) + 1)
    }

    /// The whole source line around a byte offset, without its line end.
    package func line(at offset: Int) -> String {
        let line = lineIndex(at: min(max(0, offset), bytes.count))
        return SourceText.line(of: bytes, from: source.lineStarts[line])
    }

    /// The line around a byte offset of a text that may not be possible to split.
    package static func line(at offset: Int, in bytes: [UInt8]) -> String {
        let start = SourceText.markLength(of: bytes)
        let offset = min(max(start, offset), bytes.count)
        let previousEnd = bytes[start..<offset].lastIndex(of: Byte.lineFeed)
        return SourceText.line(of: bytes, from: previousEnd.map { $0 + 1 } ?? start)
    }

    /// The index of the last line that begins at or before `offset`.
    private func lineIndex(at offset: Int) -> Int {
        var low = 0
        var high = source.lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if source.lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}

/// What a pass over a text collects.
private struct Outline {
    var statements: [SQLStatement] = []
    var headerComments: [Range<Int>] = []

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, _ source: ScriptSource, from start: Int
    ) throws(SQLTextError) {
        var splitter = StatementSplitter(bytes, source.dialect, from: start)
        var isHeader = true
        var range: Range<Int>?
        var mode = true
        func statement(_ range: Range<Int>, copyData: Range<Int>? = nil) -> SQLStatement {
            SQLStatement(
                range: range, copyData: copyData, source: source, standardConformingStrings: mode)
        }
        while let event = try splitter.next() {
            switch event {
            case .lineComment(let comment):
                if isHeader { headerComments.append(Self.trimmed(comment, bytes)) }
            case .token(let lexeme):
                isHeader = false
                if range == nil { mode = splitter.standardConformingStrings }
                range = (range?.lowerBound ?? lexeme.range.lowerBound)..<lexeme.range.upperBound
            case .terminator:
                isHeader = false
                if let range { statements.append(statement(range)) }
                range = nil
            case .copyData(let data):
                // Behind its terminator, or at the end of the text without one.
                guard let owner = range ?? statements.popLast()?.range else { continue }
                statements.append(statement(owner, copyData: data))
                range = nil
            }
        }
        if let range { statements.append(statement(range)) }
    }

    /// A comment without the CR of its CRLF, which SQLite's rule counts to the comment.
    private static func trimmed(
        _ comment: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Range<Int> {
        bytes[comment.upperBound - 1] == Byte.carriageReturn
            ? comment.lowerBound..<comment.upperBound - 1 : comment
    }
}
