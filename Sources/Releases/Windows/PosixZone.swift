/// The rule of a time zone as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`. It holds for every year.
///
/// Source: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html, with hours from -167
/// to 167 as in https://www.rfc-editor.org/rfc/rfc9636#section-3.3.1
struct PosixZone: Sendable, Hashable {
    /// When the clocks are changed: a day of the year, and a time of the clock that is ahead of it.
    enum Day: Sendable, Hashable {
        /// `Mm.w.d`: the w-th such weekday of a month, 5 for the last; 0 is Sunday.
        case weekday(month: Int, week: Int, day: Int)
        /// `Jn`: from 1, without the 29th of February.
        case withoutLeapDay(Int)
        /// `n`: from 0, with it.
        case withLeapDay(Int)
    }

    struct Change: Sendable, Hashable {
        var day: Day
        /// Since midnight.
        var seconds: Int64

        /// Seconds since the start of 1970 on the clock that is changed.
        func moment(in year: Int) -> Int64 {
            let first = CivilTime.dayNumber(year, 1, 1)
            let number: Int64
            switch day {
            case .withLeapDay(let index): number = first + Int64(index)
            case .withoutLeapDay(let index):
                number = first + Int64(index - 1 + (index >= 60 && CivilTime.isLeap(year) ? 1 : 0))
            case .weekday(let month, let week, let day):
                let start = CivilTime.dayNumber(year, month, 1)
                let weekday = Int(((start + 4) % 7 + 7) % 7)
                var date = (day - weekday + 7) % 7 + (week - 1) * 7
                if date >= CivilTime.length(of: month, in: year) { date -= 7 }
                number = start + Int64(date)
            }
            return number * 86_400 + seconds
        }
    }

    /// Seconds that the clock is ahead of UTC.
    let standard: Int64
    /// The same in summer, and when that begins and ends; nil where there is none.
    let summer: (offset: Int64, begin: Change, end: Change)?

    static func == (left: PosixZone, right: PosixZone) -> Bool {
        left.standard == right.standard && left.summer?.offset == right.summer?.offset
            && left.summer?.begin == right.summer?.begin && left.summer?.end == right.summer?.end
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(standard)
        hasher.combine(summer?.offset)
    }

    /// Seconds that the clock is ahead of UTC at a moment.
    func offset(at utc: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = CivilTime(seconds: utc + standard).year
        let begin = summer.begin.moment(in: year) - standard
        let end = summer.end.moment(in: year) - summer.offset
        let isSummer =
            begin < end ? (begin..<end).contains(utc) : !(end..<begin).contains(utc)
        return isSummer ? summer.offset : standard
    }

    /// Reads a rule; nil for any other text.
    init?(_ text: String) {
        var reader = Reader(rest: Array(text.utf8)[...])
        guard reader.name(), let west = reader.time(limit: 24) else { return nil }
        standard = -west
        guard !reader.rest.isEmpty else {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standard + 3600
        if let first = reader.rest.first, first != UInt8(ascii: ",") {
            guard let west = reader.time(limit: 24) else { return nil }
            offset = -west
        }
        guard let begin = reader.change(), let end = reader.change(), reader.rest.isEmpty else {
            return nil
        }
        summer = (offset, begin, end)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Character) -> Bool {
            guard let byte = rest.first, byte == character.asciiValue else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Letters, or anything in angle brackets; three at least.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(_ range: ClosedRange<Int>) -> Int? {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...3).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            return range.contains(value) ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]`, in seconds.
        mutating func time(limit: Int) -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number(0...limit) else { return nil }
            var total = hours * 3600
            for unit in [60, 1] where take(":") {
                guard let part = number(0...59) else { return nil }
                total += part * unit
            }
            return Int64(isNegative ? -total : total)
        }

        /// `,day[/time]`.
        mutating func change() -> Change? {
            guard take(",") else { return nil }
            let day: Day
            if take("M") {
                guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                    let weekday = number(0...6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let index = number(1...365) else { return nil }
                day = .withoutLeapDay(index)
            } else {
                guard let index = number(0...365) else { return nil }
                day = .withLeapDay(index)
            }
            guard take("/") else { return Change(day: day, seconds: 7200) }
            return time(limit: 167).map { Change(day: day, seconds: $0) }
        }
    }
}
