import Foundation
import Releases
import Testing

/// Windows and freezes.
@Suite struct WindowPolicyTests {
    private func policy(
        _ denials: [String], _ freezes: [(String, String)] = [], zone: String = "Europe/Berlin"
    ) throws -> WindowPolicy {
        WindowPolicy(
            zone: zone, denials: try denials.map { try #require(WindowPolicy.Denial($0)) },
            freezes: try freezes.map { first, last in
                let from = try #require(WindowPolicy.Moment(first))
                let to = try #require(WindowPolicy.Moment(last))
                return try #require(WindowPolicy.Freeze(from: from, to: to, reason: "why"))
            })
    }

    @Test func `every minute of two weeks, against the plain meaning of the rules`() throws {
        let policy = try policy(
            ["Fri 12:00-24:00", "sat", "Sunday", "Mon-Wed 08:30-09:00", "23:59-24:00"])
        let start = try #require(CivilTime(year: 2026, month: 11, day: 23))  // a Monday
        for minute in 0..<(14 * 1440) {
            let time = CivilTime(seconds: start.seconds + Int64(minute) * 60)
            let (day, clock) = (minute / 1440 % 7, minute % 1440)
            let isDenied =
                (day == 4 && clock >= 720) || day == 5 || day == 6
                || (day <= 2 && (510..<540).contains(clock)) || clock == 1439
            #expect((policy.objection(at: time) != nil) == isDenied, "\(time.text)")
        }
    }

    @Test
    func `every hour of a year is denied by the clocks of the place, in summer and in winter`()
        throws
    {
        let policy = try policy(["Mon-Fri 09:00-17:00"])
        let file = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin"))
        let rules = try #require(TimeZoneRules(Array(file)))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
        let first = try #require(UTCTime("2026-01-01T00:00:00Z")).seconds
        var openings = 0
        for hour in Int64(0)..<(365 * 24) {
            let utc = UTCTime(seconds: first + hour * 3600)
            let parts = calendar.dateComponents(
                [.weekday, .hour], from: Date(timeIntervalSince1970: TimeInterval(utc.seconds)))
            let isDenied =
                (2...6).contains(parts.weekday ?? 0) && (9..<17).contains(parts.hour ?? 0)
            let found = policy.objection(at: rules.civil(utc)) != nil
            #expect(found == isDenied, "\(utc.text)")
            // What is said of the next opening holds, and nothing opens before it.
            guard isDenied, hour % 13 == 0 else { continue }
            openings += 1
            let opening = try #require(policy.opening(from: utc, rules))
            #expect(policy.objection(at: rules.civil(opening)) == nil)
            #expect(
                policy.objection(at: rules.civil(UTCTime(seconds: opening.seconds - 60))) != nil)
        }
        #expect(openings > 100)
    }

    @Test func `a freeze is from its first day to the end of its last, by the clocks of the place`()
        throws
    {
        let policy = try policy(
            [], [("2026-12-20", "2027-01-02"), ("2026-11-26 18:00", "2026-11-26T19:30")])
        func objection(_ day: Int, _ month: Int, _ year: Int, _ minute: Int) throws -> String? {
            let start = try #require(CivilTime(year: year, month: month, day: day))
            return policy.objection(at: CivilTime(seconds: start.seconds + Int64(minute) * 60))
        }
        #expect(try objection(19, 12, 2026, 1439) == nil)
        #expect(
            try objection(20, 12, 2026, 0) == "there is a freeze until Sun 2027-01-03 00:00: why")
        #expect(try objection(2, 1, 2027, 1439) != nil)
        #expect(try objection(3, 1, 2027, 0) == nil)
        #expect(try objection(26, 11, 2026, 18 * 60 - 1) == nil)
        #expect(try objection(26, 11, 2026, 18 * 60) != nil)
        #expect(try objection(26, 11, 2026, 19 * 60 + 30) == nil)
        // Its end is where the next opening is, also over a change of the clocks.
        let rules = try #require(TimeZoneRules(rule: "CET-1CEST,M3.5.0,M10.5.0/3"))
        let spring = try self.policy(["Mon"], [("2026-03-20", "2026-03-29")])
        let from = try #require(UTCTime("2026-03-25T10:11:12Z"))
        #expect(spring.opening(from: from, rules)?.text == "2026-03-30T22:00:00Z")
    }

    @Test func `what cannot be read is nothing`() {
        for text in [
            "", "Frx", "Fri 12", "Fri 12:00", "Fri 12:00-11:00", "Fri 12:00-12:00", "25:00-26:00",
            "Fri Sat", "12:00-13:00 Fri", "Fri 12:60-13:00", "Fri 1:00-2:00", "Fri-", "Fri-Sat-Sun",
            "Fri 12:00-24:01",
        ] { #expect(WindowPolicy.Denial(text) == nil, "\(text)") }
        for text in [
            "", "2026-13-01", "2026-02-29", "2026-2-1", "20261220", "2026-12-20 1:00", "x",
            "2026-12-20 18:00 x",
        ] { #expect(WindowPolicy.Moment(text) == nil, "\(text)") }
        #expect(WindowPolicy.Denial("Fri-Mon 00:00-24:00") != nil)
    }
}
