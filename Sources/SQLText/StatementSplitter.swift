/// Finds where statements end, and the data blocks between them, in one pass over a text.
///
/// The lexer's one setting that a script can change is followed here too, statement by statement.
struct StatementSplitter {
    enum Event {
        /// A token of the current statement, or of none yet.
        case token(Lexeme)
        case lineComment(Range<Int>)
        /// The current statement, which may have no token, ended with the `;` at this offset.
        case terminator(Int)
        /// The data of the COPY that ended just before; empty if the text ends there.
        case copyData(Range<Int>)
    }

    private var lexer: Lexer
    private var postgres: PostgresBlocks
    private var trigger: SQLiteTrigger
    private var stringMode = StringModeTracker()
    private var pendingCopyData: Range<Int>?
    /// Where lexing goes on when it reaches the line end at which COPY data begins.
    private var resumption = 0
    /// The current statement's first and last token.
    private var statement: Range<Int>?

    init(_ source: UnsafeBufferPointer<UInt8>, _ dialect: SQLDialect, from start: Int) {
        lexer = Lexer(source, dialect, start..<source.count)
        postgres = PostgresBlocks()
        trigger = SQLiteTrigger()
    }

    /// How far the text was read.
    var position: Int { lexer.position }
    /// The setting that the lexemes since the last terminator were read with.
    var standardConformingStrings: Bool { lexer.standardConformingStrings }

    /// The next event; nil at the end of the text.
    mutating func next() throws(SQLTextError) -> Event? {
        if let data = pendingCopyData {
            pendingCopyData = nil
            return .copyData(data)
        }
        while let lexeme = try nextLexeme() {
            switch lexeme.kind {
            case .space, .blockComment:
                continue
            case .barrier:
                try skipCopyData(lexeme.range)
            case .lineComment:
                return .lineComment(lexeme.range)
            case .semicolon where endsStatement():
                finishStatement(at: lexeme.range.upperBound)
                return .terminator(lexeme.range.lowerBound)
            default:
                note(lexeme)
                return .token(lexeme)
            }
        }
        return try finishText()
    }

    private mutating func nextLexeme() throws(SQLTextError) -> Lexeme? {
        let start = lexer.position
        if lexer.dialect == .sqlite, statement == nil, start < lexer.end,
            lexer.source[start] == Byte.dot, Byte.isLetter(lexer.byte(at: start + 1)),
            start == 0 || lexer.source[start - 1] == Byte.lineFeed || isBehindMark(start)
        {
            throw lexer.dotCommand()
        }
        guard let lexeme = try lexer.next() else { return nil }
        if lexer.barrier > lexeme.range.lowerBound, lexer.barrier < lexeme.range.upperBound {
            throw interleaved(at: statement?.lowerBound ?? lexeme.range.lowerBound)
        }
        return lexeme
    }

    private func isBehindMark(_ offset: Int) -> Bool {
        offset == 3 && lexer.source[0] == 0xEF
    }

    // MARK: Statements

    private mutating func note(_ lexeme: Lexeme) {
        switch lexer.dialect {
        case .postgres: postgres.note(lexeme, in: lexer)
        case .sqlite: trigger.note(lexeme, in: lexer)
        }
        let start = statement?.lowerBound ?? lexeme.range.lowerBound
        statement = start..<lexeme.range.upperBound
    }

    private func endsStatement() -> Bool {
        switch lexer.dialect {
        case .postgres: postgres.isClosed
        case .sqlite: trigger.isClosed
        }
    }

    /// Forgets the statement that ended before `offset`, after doing to the lexer what it says.
    private mutating func finishStatement(at offset: Int) {
        if lexer.dialect == .postgres, let range = statement {
            if postgres.copiesFromStandardInput { findCopyData(behind: offset) }
            stringMode.note(lexer, range)
            lexer.standardConformingStrings = stringMode.isStandard
        }
        postgres = PostgresBlocks()
        trigger = SQLiteTrigger()
        statement = nil
    }

    private mutating func finishText() throws(SQLTextError) -> Event? {
        guard let range = statement else { return nil }
        switch lexer.dialect {
        case .postgres: try postgres.checkClosed()
        case .sqlite: try trigger.checkClosed(statementStart: range.lowerBound)
        }
        finishStatement(at: lexer.end)
        guard let data = pendingCopyData else { return nil }
        pendingCopyData = nil
        return .copyData(data)
    }

    // MARK: COPY data

    /// The data begins on the next line, behind the data of a COPY before it on the same line, and
    /// ends before a line `\.` or at the end of the text. What follows the COPY on its own line is
    /// lexed first, as psql does.
    private mutating func findCopyData(behind offset: Int) {
        var start: Int
        if lexer.barrier >= offset {
            start = resumption
        } else {
            start = offset
            while start < lexer.end, lexer.source[start] != Byte.lineFeed { start += 1 }
            lexer.barrier = start
            start = min(start + 1, lexer.end)
        }
        var line = start
        while line < lexer.end {
            var lineEnd = line
            while lineEnd < lexer.end, lexer.source[lineEnd] != Byte.lineFeed { lineEnd += 1 }
            let next = min(lineEnd + 1, lexer.end)
            if isEndMarker(line..<lineEnd) {
                pendingCopyData = start..<line
                resumption = next
                return
            }
            line = next
        }
        pendingCopyData = start..<lexer.end
        resumption = lexer.end
    }

    private func isEndMarker(_ line: Range<Int>) -> Bool {
        let isLong = line.count == 3 && lexer.source[line.upperBound - 1] == Byte.carriageReturn
        guard line.count == 2 || isLong else { return false }
        return lexer.source[line.lowerBound] == Byte.backslash
            && lexer.source[line.lowerBound + 1] == Byte.dot
    }

    private mutating func skipCopyData(_ lineEnd: Range<Int>) throws(SQLTextError) {
        if let range = statement { throw interleaved(at: range.lowerBound) }
        lexer.position = resumption
        lexer.barrier = -1
    }

    private func interleaved(at offset: Int) -> SQLTextError {
        SQLTextError(
            .interleavedCopyData,
            "what begins here goes on behind the data of the COPY … FROM stdin on the same line",
            hint: "Move it behind the line '\\.' that ends the data.", offset: offset)
    }
}
