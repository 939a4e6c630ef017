#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A moment, to the second, as signed statements write it: `2026-11-26T08:00:00Z`.
package struct UTCTime: Sendable, Hashable, Comparable {
    /// Seconds since 1970.
    package let seconds: Int64

    /// Creates one from seconds since 1970.
    package init(seconds: Int64) { self.seconds = seconds }

    /// Reads exactly `YYYY-MM-DDTHH:MM:SSZ`; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        func number(_ range: Range<Int>) -> Int32 {
            bytes[range].reduce(0) { $0 &* 10 &+ Int32($1) &- 0x30 }
        }
        var parts = tm()
        parts.tm_year = number(0..<4) - 1900
        parts.tm_mon = number(5..<7) - 1
        parts.tm_mday = number(8..<10)
        parts.tm_hour = number(11..<13)
        parts.tm_min = number(14..<16)
        parts.tm_sec = number(17..<19)
        seconds = Int64(timegm(&parts))
        // Whatever was not read as it stands is written otherwise.
        guard Array(self.text.utf8) == bytes else { return nil }
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`.
    package var text: String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func pad(_ number: Int32, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = [pad(parts.tm_year + 1900, 4), pad(parts.tm_mon + 1, 2), pad(parts.tm_mday, 2)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { pad($0, 2) }
        return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "Z"
    }

    /// The moment `duration` later, to the whole second.
    package func advanced(by duration: Duration) -> UTCTime {
        UTCTime(seconds: seconds + duration.components.seconds)
    }

    /// Earlier moments first.
    package static func < (left: UTCTime, right: UTCTime) -> Bool { left.seconds < right.seconds }
}
