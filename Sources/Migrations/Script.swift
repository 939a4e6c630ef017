internal import Crypto
package import Database
package import SQLText

/// One migration file, read and parsed: the statements that it runs, and how.
package struct Script: Sendable {
    /// The file's name in its folder, or a description such as `down script stored with 003`.
    package let file: String
    /// The statements.
    package let sql: SQLScript
    /// The `-- migrate:` lines at its top.
    package let directives: Directives
    /// SHA-256 of the text, a byte-order mark stripped and line ends as LF; lower-case hex.
    package let checksum: String
    /// SHA-256 of the tokens, comments and white space ignored; lower-case hex.
    package let contentDigest: String
    /// What each statement is, in their order.
    package let kinds: [StatementKind]
    /// Whose file it is.
    let layout: Layout
    /// What this program would write to have the same run: the text as it runs, with directives for what
    /// the layout says otherwise.
    package let nativeText: String

    /// Parses a file's bytes.
    ///
    /// - Throws: `.invalidFiles` with file, line and column.
    package init(
        _ bytes: [UInt8], file: String, dialect: Dialect
    ) throws(MigrationError) {
        try self.init(ScriptText(bytes), file: file, layout: .native, dialect: dialect)
    }

    /// Parses what of a file runs.
    ///
    /// - Throws: `.invalidFiles` with file, line and column.
    init(
        _ text: ScriptText, file: String, layout: Layout, dialect: Dialect
    ) throws(MigrationError) {
        self.file = file
        self.layout = layout
        var text = text
        text.bytes = Checksum.withoutByteOrderMark(text.bytes)
        let textDialect: SQLDialect = dialect == .postgres ? .postgres : .sqlite
        checksum = text.checksum
        var sql = try Self.parsed(text.bytes, file, textDialect)
        var directives = try Directives(of: sql, file: file)
        if text.isFree, !text.noTransaction, !directives.noTransaction {
            if let around = FreeScript.transactionAround(sql, anyEnd: text.allowsRows) {
                text.bytes = text.bytes.blanked(in: around)
                sql = try Self.parsed(text.bytes, file, textDialect)
            } else {
                text.noTransaction = FreeScript.needsNoTransaction(sql)
            }
        }
        // A transaction of the file's own, which is ours now, is nothing that runs.
        contentDigest = Checksum.content(
            Checksum.withoutByteOrderMark(text.raw ?? text.bytes), textDialect)
        if !text.reversedStarts.isEmpty {
            func part(_ index: Int) -> Int {
                let start = sql.statements[index].range.lowerBound
                return text.reversedStarts.lastIndex { $0 <= start } ?? 0
            }
            // In each part in order, the parts from the last to the first.
            let order = sql.statements.indices.sorted {
                (-part($0), $0) < (-part($1), $1)
            }
            sql = sql.reordered(order)
        }
        nativeText = text.native(asWritten: directives.noTransaction)
        directives.noTransaction = directives.noTransaction || text.noTransaction
        directives.allowsRows = directives.allowsRows || text.allowsRows
        self.sql = sql
        self.directives = directives
        kinds = sql.statements.map { [sql] in StatementKind($0, in: sql) }
    }

    private static func parsed(
        _ bytes: [UInt8], _ file: String, _ dialect: SQLDialect
    ) throws(MigrationError) -> SQLScript {
        do {
            return try SQLScript(bytes, dialect: dialect)
        } catch {
            throw .inFile(file, bytes, at: error.offset, error.message, hint: error.hint)
        }
    }

    /// Reads and parses a file; `variable` gives the value of a variable of the process, nil where it is not
    /// set.
    ///
    /// - Throws: `.invalidFiles`; a zero-byte file is one where `allowsEmpty` is false.
    package static func read(
        _ file: MigrationFile, dialect: Dialect, allowsEmpty: Bool = true,
        variable: (String) -> String? = { _ in nil }
    ) throws(MigrationError) -> Script {
        try Script(
            Checksum.text(of: file, allowsEmpty: allowsEmpty, variable), file: file.name,
            layout: file.layout, dialect: dialect)
    }

    /// The digest of the first `count` statements, which a migration without a transaction keeps
    /// while it is part-way: a file may be mended behind what ran, never before it.
    package func prefixDigest(_ count: Int) -> String {
        guard count > 0, count <= sql.statements.count else { return "" }
        let end =
            sql.statements[count - 1].copyData?.upperBound
            ?? sql.statements[count - 1].range.upperBound
        let start = sql.statements[0].range.lowerBound
        return Checksum.content(Array(sql.bytes[start..<end]), sql.dialect)
    }
}

/// The digests of migration files.
package enum Checksum {
    /// The bytes of a migration file.
    ///
    /// - Throws: `.invalidFiles` where it cannot be read or, unless allowed, has no byte.
    static func bytes(
        of file: MigrationFile, allowsEmpty: Bool
    ) throws(MigrationError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(file.path)
        } catch {
            throw .file(
                file.name, "the file cannot be read: \(error.reason)",
                hint: "Check that it is a file, and its permissions.")
        }
        guard allowsEmpty || !bytes.isEmpty else {
            throw .file(
                file.name, "the file is empty",
                hint: "Write its statements; a migration that is to do nothing holds a comment.")
        }
        return bytes
    }

    /// What of a migration file runs.
    ///
    /// - Throws: `.invalidFiles` where it cannot be read or, unless allowed, has no byte, or is not
    ///   written as its layout has it.
    static func text(
        of file: MigrationFile, allowsEmpty: Bool, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        let bytes = try bytes(of: file, allowsEmpty: allowsEmpty)
        return try file.layout.reader.text(bytes, of: file, variable)
    }

    /// SHA-256 of a text, a byte-order mark stripped and CRLF and CR read as LF.
    package static func text(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        let bytes = withoutByteOrderMark(bytes)
        if !bytes.contains(0x0D) {
            hash.update(data: bytes)
            return hex(hash.finalize())
        }
        var normal: [UInt8] = []
        normal.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x0D {
                normal.append(0x0A)
                if index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
            } else {
                normal.append(bytes[index])
            }
            index += 1
        }
        hash.update(data: normal)
        return hex(hash.finalize())
    }

    /// SHA-256 over a script's tokens, each followed by a zero byte (which no script can hold).
    package static func content(_ bytes: [UInt8], _ dialect: SQLDialect) -> String {
        var hash = SHA256()
        // Tokens are a few bytes long: gathered, so that the hash is fed in large pieces.
        var gathered: [UInt8] = []
        gathered.reserveCapacity(8192)
        SQLScript.forEachToken(in: bytes, dialect: dialect) { token in
            gathered.append(contentsOf: token)
            gathered.append(0)
            if gathered.count > 8000 {
                hash.update(data: gathered)
                gathered.removeAll(keepingCapacity: true)
            }
        }
        hash.update(data: gathered)
        return hex(hash.finalize())
    }

    /// SHA-256 over fields, each preceded by its length in bytes and a colon; nil counts as `-`.
    package static func fields(_ fields: [String?]) -> String {
        var hash = SHA256()
        for field in fields {
            let bytes = field.map { Array("\($0.utf8.count):\($0)".utf8) } ?? Array("-".utf8)
            hash.update(data: bytes)
        }
        return hex(hash.finalize())
    }

    /// The first eight bytes of the SHA-256 of a text as a signed number.
    static func key(_ text: String) -> Int64 {
        SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(into: Int64(0)) {
            $0 = $0 << 8 | Int64($1)
        }
    }

    static func withoutByteOrderMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    /// A digest in lower-case hexadecimal digits.
    static func hex(_ digest: some Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension MigrationError {
    /// `.invalidFiles` about a whole file.
    static func file(_ name: String, _ message: String, hint: String? = nil) -> MigrationError {
        MigrationError(
            .invalidFiles, message, hint: hint,
            failed: Failed(version: "", name: "", file: name))
    }

    /// `.invalidFiles` at a place in a parsed script.
    static func inFile(
        _ file: String, _ script: SQLScript, at offset: Int, _ message: String, hint: String?
    ) -> MigrationError {
        let position = script.position(at: offset)
        return MigrationError(
            .invalidFiles, message, hint: hint,
            failed: Failed(
                version: "", name: "", file: file, line: position.line, column: position.column,
                sourceLine: script.line(at: offset)))
    }

    /// `.invalidFiles` at a place in bytes that could not be parsed.
    static func inFile(
        _ file: String, _ bytes: [UInt8], at offset: Int, _ message: String, hint: String?
    ) -> MigrationError {
        let offset = min(max(0, offset), bytes.count)
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let lineEnd = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
        let column = String(decoding: bytes[lineStart..<offset], as: UTF8.self)
        return MigrationError(
            .invalidFiles, message, hint: hint,
            failed: Failed(
                version: "", name: "", file: file,
                line: before.count { $0 == 0x0A } + 1, column: column.unicodeScalars.count + 1,
                sourceLine: String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self)))
    }
}
