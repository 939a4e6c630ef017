/// Durations as the file writes them: `250ms`, `5s`, `10m`, `24h`, `1h30m`.
enum DurationText {
    /// PostgreSQL keeps its timeouts as milliseconds in 32 bits.
    static let maximum = Duration.milliseconds(Int32.max)

    /// Why a text is no duration.
    enum Problem: Error, Hashable {
        /// A bare number.
        case noUnit
        /// More than `maximum`.
        case tooLong
        /// Anything else.
        case malformed
    }

    /// Reads numbers with units, the larger units first, each unit once.
    static func parse(_ text: String) throws(Problem) -> Duration {
        var rest = text[...]
        var milliseconds: Int64 = 0
        var previous = Int64.max
        guard !rest.isEmpty else { throw .malformed }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(unit.count)
            guard !digits.isEmpty else { throw .malformed }
            if unit.isEmpty, previous == .max { throw .noUnit }
            guard let factor = factors[String(unit)], factor < previous else { throw .malformed }
            guard let number = Int64(digits), number <= Int64(Int32.max) else { throw .tooLong }
            milliseconds += number * factor
            guard milliseconds <= Int64(Int32.max) else { throw .tooLong }
            previous = factor
        }
        return .milliseconds(milliseconds)
    }

    private static let factors: [String: Int64] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000,
    ]
}
