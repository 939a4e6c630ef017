/// A place in a file as a person counts it.
package struct SourcePosition: Sendable, Hashable {
    /// The line, from 1. Lines end at LF; the CR of a CRLF belongs to the line end.
    package var line: Int
    /// The column, from 1, in Unicode scalars. A byte-order mark at the start is not counted.
    package var column: Int

    /// Creates a position.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Finds the place of a byte offset by counting from the start of `bytes`; linear in `offset`.
    ///
    /// An offset beyond the end is the position just after the last byte.
    package init(offset: Int, in bytes: [UInt8]) {
        let offset = min(max(0, offset), bytes.count)
        var line = 1
        var lineStart = SourceText.markLength(of: bytes)
        for index in lineStart..<max(lineStart, offset) where bytes[index] == Byte.lineFeed {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        column = SourceText.scalarCount(of: bytes, from: lineStart, to: offset) + 1
    }
}

/// Why a text cannot be split into statements: it would not run, or not as it reads.
package struct SQLTextError: Error, Sendable, Hashable {
    /// What is wrong.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// A string constant has no closing quote.
        case unterminatedString = "unterminated_string"
        /// A quoted identifier has no closing quote.
        case unterminatedQuotedIdentifier = "unterminated_quoted_identifier"
        /// A `/*` comment has no end (PostgreSQL; SQLite lets it run to the end of the file).
        case unterminatedComment = "unterminated_comment"
        /// A dollar-quoted string has no closing delimiter.
        case unterminatedDollarQuote = "unterminated_dollar_quote"
        /// The file ends inside a parenthesis, a `BEGIN ATOMIC` body or a trigger's body.
        case unterminatedBlock = "unterminated_block"
        /// A statement begins on the line of a `COPY … FROM stdin` and goes on behind its data.
        case interleavedCopyData = "interleaved_copy_data"
        /// A command of psql or of the sqlite3 shell, which is no SQL.
        case metaCommand = "meta_command"
        /// A byte 0, which no SQL text can hold.
        case nulByte = "nul_byte"
        /// Bytes that are not UTF-8.
        case invalidUTF8 = "invalid_utf8"
    }

    /// What is wrong.
    package var code: Code
    /// The same in words, lower case, without a final full stop.
    package var message: String
    /// What to do about it, in whole sentences.
    package var hint: String?
    /// Where: a byte offset into the text as given, from 0. For something unterminated, its start.
    package var offset: Int
    /// The same place as a person counts it.
    package var position: SourcePosition

    /// Creates an error; `position` is line 1, column 1 until it is located in a text.
    package init(_ code: Code, _ message: String, hint: String? = nil, offset: Int) {
        self.code = code
        self.message = message
        self.hint = hint
        self.offset = offset
        position = SourcePosition(line: 1, column: 1)
    }

    /// The same error with its `position` counted in `bytes`.
    func located(in bytes: [UInt8]) -> SQLTextError {
        var copy = self
        copy.position = SourcePosition(offset: offset, in: bytes)
        return copy
    }
}
