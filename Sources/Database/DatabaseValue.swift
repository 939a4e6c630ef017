/// A value that goes into a statement as a parameter or comes out of it in a row.
///
/// PostgreSQL answers in its text format, so every non-null value that it returns is `.text`
/// (booleans are `t` and `f`); SQLite answers with the storage class of the value. The accessors
/// below read both.
package enum DatabaseValue: Sendable, Hashable {
    /// SQL NULL.
    case null
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A double.
    case real(Double)
    /// Text in UTF-8.
    case text(String)
    /// Bytes. PostgreSQL takes them as `bytea`.
    case blob([UInt8])

    /// The value as text; nil for NULL. Numbers are written in decimal, bytes as lower-case hex.
    package var string: String? {
        switch self {
        case .null: nil
        case .integer(let value): String(value)
        case .real(let value): String(value)
        case .text(let value): value
        case .blob(let bytes): bytes.map(Self.hex).joined()
        }
    }

    /// The value as an integer; nil for NULL and for text that is not one.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .text(let value): Int64(value)
        case .null, .real, .blob: nil
        }
    }

    /// The value as a truth value: `t`, `true`, 1 are true; `f`, `false`, 0 are false; else nil.
    package var boolean: Bool? {
        switch self {
        case .integer(let value): value != 0
        case .text("t"), .text("true"), .text("1"): true
        case .text("f"), .text("false"), .text("0"): false
        case .null, .real, .text, .blob: nil
        }
    }

    /// True for SQL NULL.
    package var isNull: Bool { self == .null }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

extension DatabaseValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// A `.text` from a literal.
    package init(stringLiteral value: String) { self = .text(value) }
    /// An `.integer` from a literal.
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension DatabaseValue {
    /// `.text`, or `.null` for nil.
    package init(_ value: String?) { self = value.map(DatabaseValue.text) ?? .null }
    /// `.integer`, or `.null` for nil.
    package init(_ value: Int64?) { self = value.map(DatabaseValue.integer) ?? .null }
}

/// One row of a result, values in column order.
package struct Row: Sendable, Hashable {
    /// The values, as many as the result has columns.
    package var values: [DatabaseValue]

    /// Creates a row.
    package init(_ values: [DatabaseValue]) { self.values = values }

    /// The value of the column at `index`, counted from 0.
    package subscript(index: Int) -> DatabaseValue { values[index] }
}
