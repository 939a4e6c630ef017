internal import Database

/// The fields of an error or notice, as the server sent them.
///
/// Source: https://www.postgresql.org/docs/current/protocol-error-fields.html
struct ServerFields {
    /// ERROR, FATAL, PANIC, … untranslated; nil for a message of libpq's own.
    var severity: String?
    var sqlState: String?
    var message: String
    var detail: String?
    var hint: String?
    var context: String?
    /// Where in the statement: characters, from 1.
    var position: Int?
    var objects: [String: String]

    /// True for FATAL and PANIC, after which the server closes the connection.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    /// The same for a connection that broke, which libpq reports in its own words.
    static func connectionLost(_ message: String) -> ServerFields {
        let words = LibPQText.oneLine(message)
        return ServerFields(
            severity: "FATAL", message: words.isEmpty ? "the connection is closed" : words,
            objects: [:])
    }

    /// The same for what this driver refuses by itself.
    static func refused(
        _ message: String, sqlState: String, hint: String? = nil, position: Int? = nil
    ) -> ServerFields {
        ServerFields(
            sqlState: sqlState, message: message, hint: hint, position: position, objects: [:])
    }
}

/// What a failed statement needs to be told apart, besides the server's fields.
struct FailureCircumstances {
    /// The statement as it was sent.
    var sql: String
    /// Whether a cancel was asked for while it ran.
    var wasInterrupted: Bool
    /// True where the server counts bytes as characters (a database in SQL_ASCII).
    var countsBytes: Bool
}

extension DatabaseError {
    /// The error that a server's answer to a statement stands for.
    init(_ fields: ServerFields, _ circumstances: FailureCircumstances) {
        self.init(
            Self.code(fields, wasInterrupted: circumstances.wasInterrupted), fields.message,
            detail: fields.detail, hint: fields.hint, context: fields.context,
            sqlState: fields.sqlState,
            offset: fields.position.flatMap {
                Self.byteOffset(
                    ofPosition: $0, in: circumstances.sql,
                    countsBytes: circumstances.countsBytes)
            },
            objects: fields.objects)
    }

    private static func code(_ fields: ServerFields, wasInterrupted: Bool) -> Code {
        if fields.isFatal { return .connectionLost }
        guard let state = fields.sqlState else { return .other }
        if state == "57014" {
            // One SQLSTATE for a cancel and for statement_timeout. Where lc_messages is not English
            // the text tells nothing, and a timeout is the likelier.
            if wasInterrupted { return .cancelled }
            return fields.message.contains("user request") ? .cancelled : .statementTimeout
        }
        return code(sqlState: state)
    }

    /// The kind of failure that a SQLSTATE names. Class 08 is not among them: as a mere ERROR it
    /// comes from dblink or a foreign server, and this connection is well.
    ///
    /// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static func code(sqlState: String) -> Code {
        switch sqlState {
        case "55P03": return .lockTimeout
        case "42601", "42P02": return .syntax
        case "42P01", "42703", "42883", "42704", "3F000", "26000", "34000": return .undefinedObject
        case "42501": return .insufficientPrivilege
        case "53100", "58030": return .storage
        case "25006": return .readOnly
        case "3D000": return .databaseMissing
        case "XX001", "XX002": return .corrupt
        default: break
        }
        switch sqlState.prefix(2) {
        case "23": return .constraint
        case "40": return .transactionRollback
        default: return .other
        }
    }

    /// Turns the server's position (characters, from 1) into UTF-8 bytes from 0.
    static func byteOffset(ofPosition position: Int, in sql: String, countsBytes: Bool) -> Int? {
        guard position >= 1 else { return nil }
        if countsBytes { return position - 1 <= sql.utf8.count ? position - 1 : nil }
        let scalars = sql.unicodeScalars
        guard
            let index = scalars.index(
                scalars.startIndex, offsetBy: position - 1, limitedBy: scalars.endIndex)
        else { return nil }
        return sql.utf8.distance(from: sql.startIndex, to: index)
    }
}

/// Messages of libpq itself: several lines, of which some are advice.
///
/// They are English in this program, which never calls `setlocale`.
enum LibPQText {
    /// The lines joined by "; ", without their full stops, the indented advice and the server's source
    /// positions.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline)
            .filter { !$0.hasPrefix("\t") && !$0.hasPrefix("LOCATION:") }
            .map { $0.hasSuffix(".") ? $0.dropLast().trimmed : $0.trimmed }
            .filter { !$0.isEmpty }
            .joined(separator: "; ")
    }
}

extension Substring {
    /// Without white space at either end.
    var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
