/// Looks at the rows of a COPY block as they go by.
///
/// A line that begins with `\.` would end the block, and psql would run what comes after it as SQL.
/// COPY never writes one, so that it is no row of a server; neither is a zero byte, at which psql
/// stops reading a line.
struct CopyLines {
    private enum State {
        case lineStart, backslash, inside
    }

    private var state = State.lineStart
    /// How many lines have ended.
    private(set) var count: Int64 = 0

    /// Whether the last line has its end.
    var isWhole: Bool { state == .lineStart }

    /// Takes the next bytes.
    ///
    /// - Returns: false where they are no rows.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            for byte in buffer {
                switch byte {
                case UInt8(ascii: "\n"):
                    count += 1
                    state = .lineStart
                case 0: return false
                default:
                    switch state {
                    case .inside: break
                    case .lineStart: state = byte == UInt8(ascii: "\\") ? .backslash : .inside
                    case .backslash:
                        if byte == UInt8(ascii: ".") { return false }
                        state = .inside
                    }
                }
            }
            return true
        }
    }
}
