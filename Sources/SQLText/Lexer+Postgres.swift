/// PostgreSQL's lexical rules, as psql's scanner and the server's apply them.
///
/// Where the two differ the server is followed, because it has the last word: psql forgets at a
/// line end that a continued string began as `E'…'`, and then sends half a statement.
///
/// Source: https://www.postgresql.org/docs/15/sql-syntax-lexical.html and, for the fine points,
/// the scanner that psql is built from (src/fe_utils/psqlscan.l of PostgreSQL 15).
extension Lexer {
    mutating func scanPostgres() throws(SQLTextError) -> Lexeme.Kind {
        let first = source[position]
        let second = byte(at: position + 1)
        switch first {
        case _ where Byte.isSpace(first):
            return scanSpace()
        case Byte.minus where second == Byte.minus:
            return scanPostgresLineComment()
        case Byte.slash where second == Byte.star:
            return try scanNestedComment()
        case Byte.semicolon:
            return take(1, .semicolon)
        case Byte.quote:
            return try scanPostgresString(prefix: 0, escapes: !standardConformingStrings)
        case Byte.doubleQuote:
            return try scanPostgresIdentifier(prefix: 0)
        case Byte.dollar:
            return try scanDollar()
        case _ where Byte.startsWord(first):
            return try scanPostgresWord(first, second)
        case _ where Byte.isDigit(first), Byte.dot where Byte.isDigit(second):
            return scanPostgresNumber()
        case Byte.backslash:
            throw metaCommand()
        case Byte.colon where second == Byte.colon || second == Byte.equals,
            Byte.dot where second == Byte.dot:
            return take(2, .punctuation)
        case _ where Self.isOperator(first):
            return scanPostgresOperator()
        default:
            return take(1, .punctuation)
        }
    }

    // MARK: Comments

    /// A comment ends at LF or at a CR of its own.
    private mutating func scanPostgresLineComment() -> Lexeme.Kind {
        while position < end, source[position] != Byte.lineFeed,
            source[position] != Byte.carriageReturn
        {
            position += 1
        }
        return .lineComment
    }

    private mutating func scanNestedComment() throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        var depth = 0
        while position < end {
            switch (source[position], byte(at: position + 1)) {
            case (Byte.slash, Byte.star):
                depth += 1
                position += 2
            case (Byte.star, Byte.slash):
                depth -= 1
                position += 2
                if depth == 0 { return .blockComment }
            default:
                position += 1
            }
        }
        throw SQLTextError(
            .unterminatedComment, "the comment that begins here has no closing '*/'",
            hint: "Comments nest in PostgreSQL: each '/*' inside one needs its own '*/'.",
            offset: start)
    }

    // MARK: Strings and quoted names

    /// A word, or the prefix of a string or of a quoted name: `E'`, `B'`, `X'`, `N'`, `U&'`, `U&"`.
    private mutating func scanPostgresWord(
        _ first: UInt8, _ second: UInt8
    ) throws(SQLTextError) -> Lexeme.Kind {
        switch (Byte.lowercased(first), second) {
        case (UInt8(ascii: "e"), Byte.quote):
            return try scanPostgresString(prefix: 1, escapes: true)
        case (UInt8(ascii: "b"), Byte.quote), (UInt8(ascii: "x"), Byte.quote):
            return try scanPostgresString(prefix: 1, escapes: false)
        case (UInt8(ascii: "n"), Byte.quote):
            return try scanPostgresString(prefix: 1, escapes: !standardConformingStrings)
        case (UInt8(ascii: "u"), Byte.ampersand) where byte(at: position + 2) == Byte.quote:
            return try scanPostgresString(prefix: 2, escapes: false)
        case (UInt8(ascii: "u"), Byte.ampersand) where byte(at: position + 2) == Byte.doubleQuote:
            return try scanPostgresIdentifier(prefix: 2)
        default:
            return scanWord()
        }
    }

    /// A string and those that continue it on later lines, which the server reads as one.
    private mutating func scanPostgresString(
        prefix: Int, escapes: Bool
    ) throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        position += prefix
        repeat {
            position += 1
            guard escapes ? skipEscapedString() : skipQuoted(until: Byte.quote) else {
                throw unterminatedString(at: start)
            }
        } while skipToContinuation()
        return .string
    }

    /// `skipQuoted` for a string in which a backslash hides the byte after it.
    private mutating func skipEscapedString() -> Bool {
        while position < end {
            switch source[position] {
            case Byte.backslash:
                position += 2
            case Byte.quote where byte(at: position + 1) == Byte.quote:
                position += 2
            case Byte.quote:
                position += 1
                return true
            default:
                position += 1
            }
        }
        position = end
        return false
    }

    /// Moves to the quote that continues the string just read, if there is one: only white space
    /// with at least one line end, and `--` comments, may stand between.
    private mutating func skipToContinuation() -> Bool {
        var index = position
        var sawLineEnd = false
        while index < end {
            switch source[index] {
            case Byte.lineFeed, Byte.carriageReturn:
                sawLineEnd = true
                index += 1
            case let byte where Byte.isSpace(byte):
                index += 1
            case Byte.minus where byte(at: index + 1) == Byte.minus:
                while index < end, source[index] != Byte.lineFeed,
                    source[index] != Byte.carriageReturn
                { index += 1 }
            case Byte.quote where sawLineEnd:
                position = index
                return true
            default:
                return false
            }
        }
        return false
    }

    private mutating func scanPostgresIdentifier(
        prefix: Int
    ) throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        position += prefix + 1
        guard skipQuoted(until: Byte.doubleQuote) else {
            throw unterminatedIdentifier(at: start, closing: "\"")
        }
        return .quotedIdentifier
    }

    // MARK: Dollar quotes and parameters

    private mutating func scanDollar() throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        if Byte.isDigit(byte(at: start + 1)) {
            position += 1
            skipWordBytes()
            return .parameter
        }
        let tag = tagRange(behind: start)
        let isDelimiter =
            byte(at: tag.upperBound) == Byte.dollar
            && (tag.isEmpty || Byte.startsWord(source[tag.lowerBound]))
        guard isDelimiter else { return take(1, .punctuation) }

        position = tag.upperBound + 1
        while position < end {
            guard source[position] == Byte.dollar else {
                position += 1
                continue
            }
            let candidate = tagRange(behind: position)
            position = candidate.upperBound
            // The '$' that ends a wrong tag may begin the right one, so only a match consumes it.
            if byte(at: position) == Byte.dollar, isEqual(candidate, tag) {
                position += 1
                return .string
            }
        }
        let delimiter = String(decoding: source[start...tag.upperBound], as: UTF8.self)
        throw SQLTextError(
            .unterminatedDollarQuote,
            "the dollar-quoted string that begins here has no closing '\(delimiter)'",
            hint: "Both ends are written alike, letter for letter.", offset: start)
    }

    /// The bytes behind the `$` at `index` that a tag can consist of.
    private func tagRange(behind index: Int) -> Range<Int> {
        var upper = index + 1
        while upper < end, source[upper] != Byte.dollar, Byte.continuesWord(source[upper]) {
            upper += 1
        }
        return index + 1..<upper
    }

    private func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { source[$0] == source[$1] }
    }

    // MARK: Numbers and operators

    /// A number and whatever sticks to it: the server rejects `1abc` as a whole.
    private mutating func scanPostgresNumber() -> Lexeme.Kind {
        skipDigits()
        if byte(at: position) == Byte.dot, byte(at: position + 1) != Byte.dot {
            position += 1
            skipDigits()
        }
        let isExponent = Byte.lowercased(byte(at: position)) == UInt8(ascii: "e")
        let sign = byte(at: position + 1)
        if isExponent, sign == Byte.plus || sign == Byte.minus,
            Byte.isDigit(byte(at: position + 2))
        {
            position += 2
            skipDigits()
        }
        if Byte.startsWord(byte(at: position)) { skipWordBytes() }
        return .number
    }

    /// An operator ends before a comment, and before trailing signs unless it holds a character
    /// that no operator of the standard has: `=-` is two operators, `?-` is one.
    private mutating func scanPostgresOperator() -> Lexeme.Kind {
        guard position >= signsEnd else { return take(1, .operator) }
        let start = position
        var isExtended = false
        while position < end, Self.isOperator(source[position]) {
            let second = byte(at: position + 1)
            if position > start {
                if source[position] == Byte.minus, second == Byte.minus { break }
                if source[position] == Byte.slash, second == Byte.star { break }
            }
            isExtended = isExtended || Self.extendsOperator(source[position])
            position += 1
        }
        signsEnd = position
        while !isExtended, position > start + 1,
            source[position - 1] == Byte.plus || source[position - 1] == Byte.minus
        {
            position -= 1
        }
        return .operator
    }

    private static func extendsOperator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "~"), Byte.exclamation, Byte.at, Byte.hash, UInt8(ascii: "^"),
            Byte.ampersand, Byte.bar, Byte.backtick, Byte.question, UInt8(ascii: "%"):
            true
        default: false
        }
    }

    private static func isOperator(_ byte: UInt8) -> Bool {
        switch byte {
        case Byte.plus, Byte.minus, Byte.star, Byte.slash, Byte.less, Byte.greater, Byte.equals:
            true
        default: extendsOperator(byte)
        }
    }
}
