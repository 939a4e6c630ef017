internal import SQLText

/// Files of tools that send them as they are, in no transaction of the tool's own.
enum FreeScript {
    /// The `BEGIN` and `COMMIT`, with their semicolons, that stand around all of a script; nil where they do
    /// not, or do not alone. Without them the script is one that runs in our transaction, and is committed
    /// with its history row. With `anyEnd`, `ROLLBACK` may be the last statement too: that of queries.
    static func transactionAround(_ script: SQLScript, anyEnd: Bool) -> [Range<Int>]? {
        let kinds = script.statements.map { StatementKind($0, in: script) }
        guard kinds.count >= 2, case .begins = kinds[0],
            script.statements[0].words.count <= 2,
            case .ends(let end) = kinds[kinds.count - 1],
            anyEnd || ["COMMIT", "END"].contains(end),
            script.statements[kinds.count - 1].words.count <= 2
        else { return nil }
        for kind in kinds.dropFirst().dropLast() {
            switch kind {
            case .begins, .ends, .needsNoTransaction: return nil
            default: continue
            }
        }
        return [script.statements[0], script.statements[kinds.count - 1]].map { statement in
            let end = script.bytes[statement.range.upperBound...].firstIndex(of: UInt8(ascii: ";"))
            return statement.range.lowerBound..<(end.map { $0 + 1 } ?? statement.range.upperBound)
        }
    }

    /// True where a script has a statement that can be in no transaction, or begins its own.
    static func needsNoTransaction(_ script: SQLScript) -> Bool {
        script.statements.contains { statement in
            switch StatementKind(statement, in: script) {
            case .begins, .ends, .needsNoTransaction: true
            default: false
            }
        }
    }
}

extension ScriptText {
    /// The digest of the part as it stands in its file.
    var checksum: String { Checksum.text(own ?? bytes) }

    /// The text in this program's own layout; `asWritten` is true where the text itself says that it runs
    /// without a transaction.
    func native(asWritten: Bool) -> String {
        var text = ""
        if noTransaction, !asWritten { text += "-- migrate: no-transaction\n" }
        if allowsRows { text += "-- migrate: allow-rows\n" }
        guard own != nil || !text.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
        var parts = [bytes[...]]
        if !reversedStarts.isEmpty {
            let ends = reversedStarts.dropFirst() + [bytes.count]
            parts = zip(reversedStarts, ends).reversed().map { bytes[$0..<$1] }
        }
        let body = parts.map { String(decoding: $0, as: UTF8.self) }.joined()
        // The lines of other parts are blank here.
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        let first = lines.firstIndex { !$0.allSatisfy(\.isWhitespace) } ?? lines.count
        let last = lines.lastIndex { !$0.allSatisfy(\.isWhitespace) } ?? first - 1
        text += String(decoding: Checksum.withoutByteOrderMark(header), as: UTF8.self)
        guard first <= last else { return text }
        return text + lines[first...last].joined(separator: "\n") + "\n"
    }
}
