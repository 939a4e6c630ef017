/// A piece of text as a lexer cuts it: a token, a terminator, or what stands between them.
struct Lexeme {
    enum Kind {
        case space
        /// `-- …`, without its line end.
        case lineComment
        case blockComment
        /// The line end at `Lexer.barrier`.
        case barrier
        case semicolon
        case word, quotedIdentifier, string, number, parameter, `operator`, punctuation
    }

    var kind: Kind
    var range: Range<Int>

    /// What kind of token it is; nil for space and comments.
    var tokenKind: SQLToken.Kind? {
        switch kind {
        case .space, .lineComment, .blockComment, .barrier: nil
        case .semicolon, .punctuation: .punctuation
        case .word: .word
        case .quotedIdentifier: .quotedIdentifier
        case .string: .string
        case .number: .number
        case .parameter: .parameter
        case .operator: .operator
        }
    }
}

/// Cuts a text into lexemes, each byte into exactly one, by the rules of one dialect.
///
/// What is common to both dialects stands here, the rest in `Lexer+Postgres.swift` and
/// `Lexer+SQLite.swift`. It knows nothing of statements: that is `StatementSplitter`'s part.
struct Lexer {
    let source: UnsafeBufferPointer<UInt8>
    let dialect: SQLDialect
    let end: Int
    /// Where the next lexeme begins.
    var position: Int
    /// PostgreSQL's setting of that name: whether a backslash in `'…'` is an ordinary character.
    var standardConformingStrings = true
    /// A line end that comes out as a lexeme of its own when it is met in white space.
    var barrier = -1
    /// Up to where `+` and `-` are known to be operators of one character (PostgreSQL), so that a
    /// long run of them is looked at once and not once for each.
    var signsEnd = 0

    init(_ source: UnsafeBufferPointer<UInt8>, _ dialect: SQLDialect, _ range: Range<Int>) {
        self.source = source
        self.dialect = dialect
        position = range.lowerBound
        end = range.upperBound
    }

    /// The byte at `index`, or 0 beyond the end, which no rule looks for.
    @inline(__always)
    func byte(at index: Int) -> UInt8 { index < end ? source[index] : 0 }

    /// The next lexeme; nil at the end of the text.
    mutating func next() throws(SQLTextError) -> Lexeme? {
        guard position < end else { return nil }
        let start = position
        let kind =
            switch dialect {
            case .postgres: try scanPostgres()
            case .sqlite: try scanSQLite()
            }
        return Lexeme(kind: kind, range: start..<position)
    }

    // MARK: What both dialects share

    /// Consumes white space, up to the barrier if that comes first.
    mutating func scanSpace() -> Lexeme.Kind {
        if position == barrier {
            position += 1
            return .barrier
        }
        position += 1
        while position < end, position != barrier, Byte.isSpace(source[position]) { position += 1 }
        return .space
    }

    /// Consumes an unquoted name or keyword.
    mutating func scanWord() -> Lexeme.Kind {
        skipWordBytes()
        return .word
    }

    mutating func skipWordBytes() {
        while position < end, Byte.continuesWord(source[position]) { position += 1 }
    }

    mutating func skipDigits() {
        while position < end, Byte.isDigit(source[position]) { position += 1 }
    }

    /// Consumes `length` bytes as one lexeme.
    mutating func take(_ length: Int, _ kind: Lexeme.Kind) -> Lexeme.Kind {
        position += length
        return kind
    }

    /// Consumes quoted text in which a doubled quote stands for itself; `position` is behind the
    /// opening quote, and afterwards behind the closing one.
    ///
    /// - Returns: false if there is no closing quote.
    mutating func skipQuoted(until quote: UInt8) -> Bool {
        while position < end {
            if source[position] != quote {
                position += 1
            } else if byte(at: position + 1) == quote, position + 1 < end {
                position += 2
            } else {
                position += 1
                return true
            }
        }
        return false
    }

    func unterminatedString(at start: Int) -> SQLTextError {
        SQLTextError(
            .unterminatedString, "the string that begins here has no closing quote",
            hint: "Close it with ' and write a quote inside it twice.", offset: start)
    }

    func unterminatedIdentifier(at start: Int, closing: Character) -> SQLTextError {
        SQLTextError(
            .unterminatedQuotedIdentifier,
            "the quoted name that begins here has no closing \(closing)",
            hint: "Close it with \(closing) in the same statement.", offset: start)
    }

    // MARK: Comparing

    /// True if the bytes of `range` are `keyword`, which is in lower case, in any case.
    func matches(_ range: Range<Int>, _ keyword: StaticString) -> Bool {
        guard range.count == keyword.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count
        where Byte.lowercased(source[range.lowerBound + offset]) != keyword.utf8Start[offset] {
            return false
        }
        return true
    }
}
