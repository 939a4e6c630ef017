/// A day and a time of the clock at some place, without the place: what a calendar on a wall there says.
package struct CivilTime: Sendable, Hashable, Comparable {
    /// Seconds since the start of 1970, as if the place's clock were UTC's.
    package let seconds: Int64

    /// Creates one from seconds since the start of 1970 on the place's own clock.
    package init(seconds: Int64) { self.seconds = seconds }

    /// The start of a day; nil where there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), (1...Self.length(of: month, in: year)).contains(day),
            (1...9999).contains(year)
        else { return nil }
        seconds = Self.dayNumber(year, month, day) * 86_400
    }

    /// Days since the start of 1970.
    package var dayNumber: Int64 {
        seconds >= 0 ? seconds / 86_400 : (seconds + 1) / 86_400 - 1
    }
    /// Minutes since midnight by the clock's hands.
    package var minuteOfDay: Int { Int((seconds - dayNumber * 86_400) / 60) }
    /// The day of the week; 0 is Sunday.
    package var weekday: Int { Int(((dayNumber + 4) % 7 + 7) % 7) }
    /// The year.
    package var year: Int { Self.date(dayNumber).year }

    /// `Fri 2026-11-27 14:05`.
    package var text: String {
        let (year, month, day) = Self.date(dayNumber)
        let minute = minuteOfDay
        return "\(Self.weekdays[weekday]) \(year)-\(Self.pad(month))-\(Self.pad(day)) "
            + "\(Self.pad(minute / 60)):\(Self.pad(minute % 60))"
    }

    /// Earlier first.
    package static func < (left: CivilTime, right: CivilTime) -> Bool {
        left.seconds < right.seconds
    }

    /// The names of the days, as rules write them; Sunday first.
    package static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    /// How many days a month has.
    static func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Source: https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// Source: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    static func date(_ dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(dayNumber) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * part + 2) / 5 + 1)
    }
}
