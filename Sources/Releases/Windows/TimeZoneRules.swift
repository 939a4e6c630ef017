/// What the clocks at a place have shown and will show, from the bytes of a file of the time zone
/// database (TZif), or from a rule in POSIX's form.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9636
package struct TimeZoneRules: Sendable, Hashable {
    /// Moments in UTC from which another offset holds, oldest first.
    private let changes: [(from: Int64, offset: Int64)]
    /// The offset before the first change.
    private let first: Int64
    /// The rule after the last change; nil where the file has none.
    private let rule: PosixZone?

    /// The zone without any offset.
    package static let utc = TimeZoneRules(changes: [], first: 0, rule: nil)

    private init(changes: [(from: Int64, offset: Int64)], first: Int64, rule: PosixZone?) {
        self.changes = changes
        self.first = first
        self.rule = rule
    }

    /// A zone from its rule: `CET-1CEST,M3.5.0,M10.5.0/3`; nil for any other text.
    package init?(rule text: String) {
        guard let rule = PosixZone(text) else { return nil }
        self.init(changes: [], first: rule.standard, rule: rule)
    }

    /// A zone from the bytes of its file; nil where they are no such file.
    package init?(_ bytes: [UInt8]) {
        guard let old = Header(bytes, at: 0) else { return nil }
        guard old.version > 0 else {
            self.init(bytes, old, timeWidth: 4)
            return
        }
        // The first block repeats what fits into 32 bits, for readers of the first version.
        guard let new = Header(bytes, at: old.end(timeWidth: 4)) else { return nil }
        self.init(bytes, new, timeWidth: 8)
    }

    private init?(_ bytes: [UInt8], _ header: Header, timeWidth: Int) {
        let end = header.end(timeWidth: timeWidth)
        guard end <= bytes.count, header.types > 0 else { return nil }
        let times = header.start
        let indices = times + header.times * timeWidth
        let types = indices + header.times
        func offset(_ type: Int) -> Int64? {
            guard type < header.types else { return nil }
            return Int64(Int32(truncatingIfNeeded: Self.number(bytes, types + type * 6, 4)))
        }
        guard let first = offset(0) else { return nil }
        var changes: [(from: Int64, offset: Int64)] = []
        for index in 0..<header.times {
            guard let offset = offset(Int(bytes[indices + index])) else { return nil }
            var from = Self.number(bytes, times + index * timeWidth, timeWidth)
            if timeWidth == 4 { from = Int64(Int32(truncatingIfNeeded: from)) }
            guard changes.last.map({ $0.from < from }) ?? true else { return nil }
            changes.append((from, offset))
        }
        var rule: PosixZone?
        if timeWidth == 8 {
            guard end < bytes.count, bytes[end] == 0x0A,
                let close = bytes[(end + 1)...].firstIndex(of: 0x0A)
            else { return nil }
            let text = String(decoding: bytes[(end + 1)..<close], as: UTF8.self)
            rule = PosixZone(text)
            guard text.isEmpty || rule != nil else { return nil }
        }
        self.init(changes: changes, first: first, rule: rule)
    }

    /// Seconds that the clocks are ahead of UTC at a moment.
    package func offset(at utc: UTCTime) -> Int64 {
        let moment = utc.seconds
        guard let last = changes.last, moment < last.from else {
            return rule?.offset(at: moment) ?? changes.last?.offset ?? first
        }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].from <= moment { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : changes[low - 1].offset
    }

    /// What the clocks show at a moment.
    package func civil(_ utc: UTCTime) -> CivilTime {
        CivilTime(seconds: utc.seconds + offset(at: utc))
    }

    /// The same zone has the same rules.
    package static func == (left: TimeZoneRules, right: TimeZoneRules) -> Bool {
        left.first == right.first && left.rule == right.rule
            && left.changes.elementsEqual(right.changes) { $0 == $1 }
    }

    /// By what is cheap.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        hasher.combine(changes.count)
        hasher.combine(rule)
    }

    /// A number of so many bytes, the highest first.
    private static func number(_ bytes: [UInt8], _ start: Int, _ width: Int) -> Int64 {
        bytes[start..<(start + width)].reduce(0) { $0 << 8 | Int64($1) }
    }

    /// | offset | bytes | |
    /// |---|---|---|
    /// | 0 | 4 | `TZif` |
    /// | 4 | 1 | version: 0, or a digit |
    /// | 20 | 6 × 4 | numbers of: UT indicators, standard indicators, leap seconds, changes, types, characters |
    private struct Header {
        let version: UInt8
        let start: Int
        let times: Int
        let types: Int
        private let others: (flags: Int, leaps: Int, characters: Int)

        init?(_ bytes: [UInt8], at offset: Int) {
            guard offset >= 0, bytes.count >= offset + 44,
                bytes[offset..<(offset + 4)].elementsEqual("TZif".utf8)
            else { return nil }
            let counts = (0..<6).map {
                Int(TimeZoneRules.number(bytes, offset + 20 + $0 * 4, 4))
            }
            guard counts.allSatisfy({ $0 < 1 << 20 }) else { return nil }
            version = bytes[offset + 4]
            start = offset + 44
            times = counts[3]
            types = counts[4]
            others = (counts[0] + counts[1], counts[2], counts[5])
        }

        func end(timeWidth: Int) -> Int {
            start + times * (timeWidth + 1) + types * 6 + others.characters
                + others.leaps * (timeWidth + 4) + others.flags
        }
    }
}
