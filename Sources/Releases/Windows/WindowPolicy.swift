/// When nothing may run: days and hours of the week, and freezes; by the clocks of one place.
package struct WindowPolicy: Sendable, Hashable {
    /// A part of each week: `Sat`, `Mon-Thu 08:00-18:00`, `12:00-13:00`.
    package struct Denial: Sendable, Hashable {
        /// As it was written.
        package let text: String
        /// Which days; 0 is Sunday.
        let days: Set<Int>
        /// From which minute of the day to which, that one not included.
        let minutes: Range<Int>

        /// Reads a rule; nil for any other text.
        package init?(_ text: String) {
            self.text = text
            let words = text.split(separator: " ").map(String.init)
            guard (1...2).contains(words.count) else { return nil }
            let days = Self.days(words[0])
            let minutes = Self.minutes(words[words.count - 1])
            guard words.count == 1 || (days != nil && minutes != nil), days != nil || minutes != nil
            else { return nil }
            self.days = days ?? Set(0...6)
            self.minutes = minutes ?? 0..<1440
        }

        func covers(_ time: CivilTime) -> Bool {
            days.contains(time.weekday) && minutes.contains(time.minuteOfDay)
        }

        private static func day(_ text: Substring) -> Int? {
            let names = [
                "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
            ]
            let word = text.lowercased()
            return names.firstIndex { $0 == word || $0.prefix(3) == word }
        }

        private static func days(_ text: String) -> Set<Int>? {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap(day) else { return nil }
            guard ends.count == 2 else { return ends.count == 1 ? [first] : nil }
            guard let last = day(ends[1]) else { return nil }
            // Fri-Mon goes over the end of the week.
            return Set((0...((last - first + 7) % 7)).map { (first + $0) % 7 })
        }

        private static func minutes(_ text: String) -> Range<Int>? {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
                .map { Moment.minute($0) }
            guard ends.count == 2, let from = ends[0], let to = ends[1], from < to else {
                return nil
            }
            return from..<to
        }
    }

    /// A time in which nothing may run.
    package struct Freeze: Sendable, Hashable {
        /// From when.
        package let from: CivilTime
        /// To when, that moment not included.
        package let to: CivilTime
        /// Why.
        package let reason: String

        /// Creates one; nil where it would end before it begins.
        package init?(from: Moment, to: Moment, reason: String) {
            guard from.start < to.end else { return nil }
            self.from = from.start
            self.to = to.end
            self.reason = reason
        }
    }

    /// A day, or a minute of one: `2026-12-20`, `2026-12-20 18:00`.
    package struct Moment: Sendable, Hashable {
        /// Where it begins.
        let start: CivilTime
        /// What a time up to and with it ends before: the next day; of a minute, itself.
        let end: CivilTime

        /// Reads one; nil for any other text.
        package init?(_ text: String) {
            let words = text.split(whereSeparator: { $0 == " " || $0 == "T" })
            guard let date = words.first, words.count <= 2 else { return nil }
            let parts = date.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.map(\.utf8.count) == [4, 2, 2], let year = Self.number(parts[0]),
                let month = Self.number(parts[1]), let day = Self.number(parts[2]),
                let start = CivilTime(year: year, month: month, day: day)
            else { return nil }
            guard words.count == 2 else {
                self.start = start
                end = CivilTime(seconds: start.seconds + 86_400)
                return
            }
            guard let minute = Self.minute(words[1]) else { return nil }
            self.start = CivilTime(seconds: start.seconds + Int64(minute) * 60)
            end = self.start
        }

        /// `08:00`, up to `24:00`, as minutes since midnight.
        static func minute(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.map(\.utf8.count) == [2, 2], let hour = number(parts[0]),
                let minute = number(parts[1]), minute < 60, hour * 60 + minute <= 1440
            else { return nil }
            return hour * 60 + minute
        }

        private static func number(_ text: Substring) -> Int? {
            text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
    }

    /// The place: a name of the time zone database, a rule in POSIX's form, or `UTC`.
    package var zone: String
    /// The parts of the week.
    package var denials: [Denial]
    /// The freezes.
    package var freezes: [Freeze]

    /// Creates a policy.
    package init(zone: String = "UTC", denials: [Denial] = [], freezes: [Freeze] = []) {
        self.zone = zone
        self.denials = denials
        self.freezes = freezes
    }

    /// Why nothing may run at a time, in words; nil where it may.
    package func objection(at time: CivilTime) -> String? {
        if let freeze = freezes.first(where: { ($0.from..<$0.to).contains(time) }) {
            return "there is a freeze until \(freeze.to.text): \(freeze.reason)"
        }
        return denials.first { $0.covers(time) }.map { "'\($0.text)' is denied" }
    }

    /// The first full minute from a moment on at which something may run; nil where there is none
    /// within about a year.
    package func opening(from moment: UTCTime, _ rules: TimeZoneRules) -> UTCTime? {
        var now = moment.seconds - moment.seconds % 60
        let limit = now + 370 * 86_400
        while now < limit {
            let utc = UTCTime(seconds: now)
            let time = rules.civil(utc)
            if let freeze = freezes.first(where: { ($0.from..<$0.to).contains(time) }) {
                // To its end by the hands of the clock, which may be an hour away from it: go on there.
                now += max(60, freeze.to.seconds - time.seconds - 7200)
            } else if denials.contains(where: { $0.covers(time) }) {
                now += 60
            } else {
                return now < moment.seconds ? moment : utc
            }
            // Denied around the clock is denied for ever.
            if freezes.isEmpty, now > moment.seconds + 8 * 86_400 { return nil }
        }
        return nil
    }
}
