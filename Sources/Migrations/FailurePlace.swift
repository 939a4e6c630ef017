internal import Database
internal import SQLText

extension Migrator {
    /// The facts of a failed statement, with its place in the file.
    func place(
        _ error: DatabaseError?, _ step: PlannedMigration, _ script: Script, statement: Int?
    ) -> MigrationError.Failed {
        var failed = MigrationError.Failed(
            version: step.version, name: step.name, file: script.file, databaseError: error)
        guard let statement else { return failed }
        let range = script.sql.statements[statement].range
        let offset = error.flatMap { script.offset(of: $0, inStatement: statement) }
        let position = script.sql.position(at: offset ?? range.lowerBound)
        failed.line = position.line
        failed.column = position.column
        failed.sourceLine = script.sql.line(at: offset ?? range.lowerBound)
        failed.statement = statement + 1
        failed.statementCount = script.sql.statements.count
        return failed
    }
}

extension Script {
    /// Where in the file an error of one of its statements is; nil where the database does not tell.
    fileprivate func offset(of error: DatabaseError, inStatement index: Int) -> Int? {
        let statement = sql.statements[index]
        if let offset = error.offset {
            return min(statement.range.lowerBound + offset, statement.range.upperBound)
        }
        guard sql.dialect == .postgres, statement.words.first == "DO",
            let line = Self.lineOfBlock(error.context ?? "")
        else { return nil }
        return offset(ofLine: line, inBlock: statement)
    }

    /// The line of a DO block that was running, from the call stack that the server shows: innermost
    /// call first, each line as in `PL/pgSQL function inline_code_block line 3 at RAISE`.
    private static func lineOfBlock(_ context: String) -> Int? {
        let block = "inline_code_block"
        guard let call = context.split(separator: "\n").last(where: { $0.contains(block) }) else {
            return nil
        }
        return Int(call.drop { !$0.isNumber }.prefix { $0.isNumber })
    }

    /// The first character of a line of a DO block's body, which PL/pgSQL counts from the opening
    /// quote; nil for line 1, where the statement's own beginning tells more.
    private func offset(ofLine line: Int, inBlock statement: SQLStatement) -> Int? {
        guard line > 1, let body = sql.tokens(of: statement).first(where: { $0.kind == .string })
        else { return nil }
        var rest = sql.bytes[body.range]
        for _ in 1..<line {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            rest = rest[(end + 1)...]
        }
        return rest.firstIndex { ![0x20, 0x09, 0x0D].contains($0) }
    }
}
