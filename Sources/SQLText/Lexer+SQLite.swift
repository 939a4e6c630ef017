/// SQLite's lexical rules, as its tokenizer applies them.
///
/// Source: https://www.sqlite.org/lang.html (the pages on comments, keywords, literals and
/// parameters) and https://www.sqlite.org/c3ref/complete.html.
extension Lexer {
    mutating func scanSQLite() throws(SQLTextError) -> Lexeme.Kind {
        let first = source[position]
        let second = byte(at: position + 1)
        switch first {
        case _ where Byte.isSpace(first):
            return scanSpace()
        case Byte.minus where second == Byte.minus:
            while position < end, source[position] != Byte.lineFeed { position += 1 }
            return .lineComment
        case Byte.slash where second == Byte.star:
            return scanFlatComment()
        case Byte.semicolon:
            return take(1, .semicolon)
        case Byte.quote, Byte.doubleQuote, Byte.backtick, Byte.leftBracket:
            return try scanSQLiteQuoted(first)
        case 0xEF where second == 0xBB && byte(at: position + 2) == 0xBF:
            return take(3, .space)
        case UInt8(ascii: "x") where second == Byte.quote,
            UInt8(ascii: "X") where second == Byte.quote:
            return try scanBlob()
        case Byte.dollar, Byte.at, Byte.colon, Byte.hash:
            return scanNamedParameter()
        case Byte.question:
            position += 1
            skipDigits()
            return .parameter
        case _ where Byte.startsWord(first):
            return scanWord()
        case _ where Byte.isDigit(first), Byte.dot where Byte.isDigit(second):
            return scanSQLiteNumber()
        default:
            return scanSQLiteOperator(first, second)
        }
    }

    /// `/* … */`, which does not nest and may lack its end.
    private mutating func scanFlatComment() -> Lexeme.Kind {
        // At the very end of a text the two characters are operators, as SQLite sees it.
        guard position + 2 < end else { return take(1, .operator) }
        position += 2
        while position < end {
            if source[position] == Byte.star, byte(at: position + 1) == Byte.slash {
                position += 2
                break
            }
            position += 1
        }
        return .blockComment
    }

    private mutating func scanSQLiteQuoted(_ quote: UInt8) throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        position += 1
        if quote == Byte.leftBracket {
            while position < end, source[position] != Byte.rightBracket { position += 1 }
            guard position < end else { throw unterminatedIdentifier(at: start, closing: "]") }
            return take(1, .quotedIdentifier)
        }
        guard skipQuoted(until: quote) else {
            throw quote == Byte.quote
                ? unterminatedString(at: start)
                : unterminatedIdentifier(at: start, closing: Character(Unicode.Scalar(quote)))
        }
        return quote == Byte.quote ? .string : .quotedIdentifier
    }

    private mutating func scanBlob() throws(SQLTextError) -> Lexeme.Kind {
        let start = position
        position += 2
        while position < end, source[position] != Byte.quote { position += 1 }
        guard position < end else { throw unterminatedString(at: start) }
        return take(1, .string)
    }

    /// `$name`, `@name`, `:name`, also in the form `$name::more(anything but blanks)` of Tcl.
    private mutating func scanNamedParameter() -> Lexeme.Kind {
        position += 1
        var nameLength = 0
        while position < end {
            let byte = source[position]
            if Byte.continuesWord(byte) {
                nameLength += 1
                position += 1
            } else if byte == Byte.leftParenthesis, nameLength > 0 {
                position += 1
                while position < end, !Byte.isSpace(source[position]),
                    source[position] != Byte.rightParenthesis
                { position += 1 }
                if self.byte(at: position) == Byte.rightParenthesis { position += 1 }
                break
            } else if byte == Byte.colon, self.byte(at: position + 1) == Byte.colon {
                position += 2
            } else {
                break
            }
        }
        return nameLength > 0 ? .parameter : .punctuation
    }

    private mutating func scanSQLiteNumber() -> Lexeme.Kind {
        skipDigits()
        if byte(at: position) == Byte.dot {
            position += 1
            skipDigits()
        }
        let sign = byte(at: position + 1)
        if Byte.lowercased(byte(at: position)) == UInt8(ascii: "e"),
            sign == Byte.plus || sign == Byte.minus, Byte.isDigit(byte(at: position + 2))
        {
            position += 2
        }
        skipWordBytes()
        return .number
    }

    private mutating func scanSQLiteOperator(_ first: UInt8, _ second: UInt8) -> Lexeme.Kind {
        switch (first, second) {
        case (Byte.minus, Byte.greater):
            return take(byte(at: position + 2) == Byte.greater ? 3 : 2, .operator)
        case (Byte.bar, Byte.bar), (Byte.less, Byte.equals), (Byte.less, Byte.greater),
            (Byte.less, Byte.less), (Byte.greater, Byte.equals), (Byte.greater, Byte.greater),
            (Byte.equals, Byte.equals), (Byte.exclamation, Byte.equals):
            return take(2, .operator)
        case (Byte.comma, _), (Byte.dot, _), (Byte.leftParenthesis, _), (Byte.rightParenthesis, _):
            return take(1, .punctuation)
        default:
            return take(1, .operator)
        }
    }
}
