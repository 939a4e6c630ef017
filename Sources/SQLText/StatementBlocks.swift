/// What of a PostgreSQL statement decides whether a `;` ends it: parentheses, and the body of
/// `CREATE [OR REPLACE] FUNCTION | PROCEDURE … BEGIN ATOMIC … END`, with psql's own rule of thumb:
/// in such a statement every BEGIN opens, every CASE opens inside one, and every END closes.
struct PostgresBlocks {
    private enum Copy {
        case possible, statement, behindFrom, fromStandardInput, no
    }

    private var parenthesisDepth = 0
    private var parenthesisStart = 0
    private var beginDepth = 0
    private var beginStart = 0
    private var wordCount = 0
    private var tokenCount = 0
    /// How far the first words match `CREATE [OR REPLACE] FUNCTION | PROCEDURE`.
    private var routine = Routine.start
    private var copy = Copy.possible
    private var isBehindColon = false

    private enum Routine {
        case start, create, or, replace, matched, no
    }

    /// True where a `;` ends the statement.
    var isClosed: Bool { parenthesisDepth == 0 && beginDepth == 0 }

    /// True if the statement reads its rows from the client.
    var copiesFromStandardInput: Bool { copy == .fromStandardInput }

    mutating func note(_ lexeme: Lexeme, in lexer: Lexer) {
        // psql takes ':name' for one of its variables, so that its name is no keyword.
        let isVariable = isBehindColon && lexer.source[lexeme.range.lowerBound - 1] == Byte.colon
        isBehindColon = false
        tokenCount += 1
        switch lexeme.kind {
        case .word:
            if !isVariable { noteWord(lexeme, in: lexer) }
        case .punctuation:
            notePunctuation(lexeme, in: lexer)
        default:
            break
        }
        noteCopy(lexeme, in: lexer)
    }

    private mutating func notePunctuation(_ lexeme: Lexeme, in lexer: Lexer) {
        guard lexeme.range.count == 1 else { return }
        switch lexer.source[lexeme.range.lowerBound] {
        case Byte.leftParenthesis:
            if parenthesisDepth == 0 { parenthesisStart = lexeme.range.lowerBound }
            parenthesisDepth += 1
        case Byte.rightParenthesis:
            parenthesisDepth = max(0, parenthesisDepth - 1)
        case Byte.colon:
            isBehindColon = true
        default:
            break
        }
    }

    private mutating func noteWord(_ lexeme: Lexeme, in lexer: Lexer) {
        noteRoutine(lexeme.range, in: lexer)
        guard routine == .matched, parenthesisDepth == 0 else { return }
        if lexer.matches(lexeme.range, "begin") {
            if beginDepth == 0 { beginStart = lexeme.range.lowerBound }
            beginDepth += 1
        } else if lexer.matches(lexeme.range, "case") {
            if beginDepth > 0 { beginDepth += 1 }
        } else if lexer.matches(lexeme.range, "end") {
            beginDepth = max(0, beginDepth - 1)
        }
    }

    private mutating func noteRoutine(_ range: Range<Int>, in lexer: Lexer) {
        switch routine {
        case .start:
            routine = lexer.matches(range, "create") ? .create : .no
        case .create:
            routine =
                isRoutineKeyword(range, lexer) ? .matched : lexer.matches(range, "or") ? .or : .no
        case .or:
            routine = lexer.matches(range, "replace") ? .replace : .no
        case .replace:
            routine = isRoutineKeyword(range, lexer) ? .matched : .no
        case .matched, .no:
            break
        }
    }

    private func isRoutineKeyword(_ range: Range<Int>, _ lexer: Lexer) -> Bool {
        lexer.matches(range, "function") || lexer.matches(range, "procedure")
    }

    /// Follows `COPY [BINARY] table [(columns)] FROM STDIN`, as well as `FROM STDOUT`, which the
    /// server takes for the same.
    private mutating func noteCopy(_ lexeme: Lexeme, in lexer: Lexer) {
        switch copy {
        case .possible:
            copy = lexeme.kind == .word && lexer.matches(lexeme.range, "copy") ? .statement : .no
        case .statement:
            // COPY (query) has a FROM of its own, and only ever writes.
            if tokenCount == 2, lexer.source[lexeme.range.lowerBound] == Byte.leftParenthesis {
                copy = .no
            } else if lexeme.kind == .word, parenthesisDepth == 0,
                lexer.matches(lexeme.range, "from")
            {
                copy = .behindFrom
            }
        case .behindFrom:
            let isStandardInput =
                lexeme.kind == .word
                && (lexer.matches(lexeme.range, "stdin") || lexer.matches(lexeme.range, "stdout"))
            copy = isStandardInput ? .fromStandardInput : .no
        case .fromStandardInput, .no:
            break
        }
    }

    /// Checks that the end of the text may end the statement.
    func checkClosed() throws(SQLTextError) {
        if parenthesisDepth > 0, beginDepth == 0 || parenthesisStart < beginStart {
            throw SQLTextError(
                .unterminatedBlock, "the parenthesis that opens here is not closed",
                hint: "Write the ')' that belongs to it.", offset: parenthesisStart)
        }
        if beginDepth > 0 {
            throw SQLTextError(
                .unterminatedBlock, "the body that begins here has no END",
                hint: "Close each BEGIN ATOMIC and each CASE with END; "
                    + "write a name that reads like one of these words in double quotes.",
                offset: beginStart)
        }
    }
}

/// Whether a SQLite statement is a `CREATE TRIGGER`, whose body holds statements of its own: it ends
/// at `; END ;` and nowhere else, which no CASE … END can look like.
///
/// Source: https://www.sqlite.org/c3ref/complete.html
struct SQLiteTrigger {
    private enum State {
        case start, explain, create, trigger, behindSemicolon, behindEnd, other
    }

    private var state = State.start
    private var bodyStart: Int?

    /// True where a `;` ends the statement.
    var isClosed: Bool {
        switch state {
        case .trigger, .behindSemicolon: false
        case .start, .explain, .create, .behindEnd, .other: true
        }
    }

    mutating func note(_ lexeme: Lexeme, in lexer: Lexer) {
        let range = lexeme.range
        switch state {
        case .start:
            state =
                lexer.matches(range, "explain")
                ? .explain : lexer.matches(range, "create") ? .create : .other
        case .explain:
            if lexer.matches(range, "create") {
                state = .create
            } else if !lexer.matches(range, "query"), !lexer.matches(range, "plan") {
                state = .other
            }
        case .create:
            if lexer.matches(range, "trigger") {
                state = .trigger
            } else if !lexer.matches(range, "temp"), !lexer.matches(range, "temporary") {
                state = .other
            }
        case .trigger, .behindEnd:
            state = lexeme.kind == .semicolon ? .behindSemicolon : .trigger
            if bodyStart == nil, lexer.matches(range, "begin") { bodyStart = range.lowerBound }
        case .behindSemicolon:
            if lexeme.kind != .semicolon {
                state = lexer.matches(range, "end") ? .behindEnd : .trigger
            }
        case .other:
            break
        }
    }

    /// Checks that the end of the text may end the statement.
    func checkClosed(statementStart: Int) throws(SQLTextError) {
        guard !isClosed else { return }
        throw SQLTextError(
            .unterminatedBlock,
            bodyStart == nil
                ? "the trigger that begins here has no body of BEGIN … END"
                : "the trigger's body that begins here has no END",
            hint: "A trigger ends with 'END;', behind the ';' of its last statement.",
            offset: bodyStart ?? statementStart)
    }
}
