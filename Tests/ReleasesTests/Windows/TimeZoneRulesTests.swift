import Foundation
import Releases
import Testing

/// Time zones, against another implementation and against what is known of some days.
@Suite struct TimeZoneRulesTests {
    private static let names = [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham",
        "Asia/Kolkata", "Africa/Casablanca", "America/Santiago", "Etc/GMT+12", "America/St_Johns",
        "Europe/Dublin", "Etc/UTC", "Asia/Tehran",
    ]

    private static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/" + name)))
    }

    @Test(arguments: names)
    func `every hour of a year, and of far years, is that of another implementation`(
        _ name: String
    ) throws {
        let rules = try #require(TimeZoneRules(Self.bytes(name)))
        let zone = try #require(TimeZone(identifier: name))
        for start in ["1995-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z"] {
            let first = try #require(UTCTime(start)).seconds
            for hour in Int64(0)..<(366 * 24) {
                let moment = first + hour * 3600
                let expected = zone.secondsFromGMT(
                    for: Date(timeIntervalSince1970: TimeInterval(moment)))
                let offset = rules.offset(at: UTCTime(seconds: moment))
                guard offset == Int64(expected) else {
                    Issue.record(
                        "\(name) at \(UTCTime(seconds: moment).text): \(offset), \(expected)")
                    return
                }
            }
        }
    }

    @Test(arguments: [
        ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
        ("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"),
        ("America/Santiago", "<-04>4<-03>,M9.1.6/24,M4.1.6/24"),
        ("Etc/UTC", "UTC0"),
    ])
    func `a rule says the same as the file, to the second`(_ name: String, _ rule: String) throws {
        let file = try #require(TimeZoneRules(Self.bytes(name)))
        let rules = try #require(TimeZoneRules(rule: rule))
        var moment = try #require(UTCTime("2026-01-01T00:00:00Z")).seconds
        let end = moment + 366 * 86_400
        while moment < end {
            let utc = UTCTime(seconds: moment)
            if file.offset(at: utc) != file.offset(at: UTCTime(seconds: moment + 900)) {
                for second in moment...(moment + 900) {
                    let utc = UTCTime(seconds: second)
                    #expect(file.offset(at: utc) == rules.offset(at: utc), "\(utc.text)")
                }
            }
            #expect(file.offset(at: utc) == rules.offset(at: utc), "\(utc.text)")
            moment += 900
        }
    }

    @Test func `the days of the year in all forms`() throws {
        // The 60th day is the 1st of March in every year with J, and the 29th of February without.
        let leap = try #require(TimeZoneRules(rule: "AAA0BBB,J60/0,J61/0"))
        let plain = try #require(TimeZoneRules(rule: "AAA0BBB,59/0,60/0"))
        func offset(_ rules: TimeZoneRules, _ day: String) throws -> Int64 {
            rules.offset(at: try #require(UTCTime(day + "T12:00:00Z")))
        }
        #expect(try offset(leap, "2028-03-01") == 3600)
        #expect(try offset(leap, "2028-02-29") == 0)
        #expect(try offset(leap, "2027-03-01") == 3600)
        #expect(try offset(plain, "2028-02-29") == 3600)
        #expect(try offset(plain, "2028-03-01") == 0)
        #expect(try offset(plain, "2027-03-01") == 3600)
    }

    @Test func `what is no zone is none`() throws {
        for text in [
            "", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "<CET-1",
            "CET-1 ", "CET-1CEST,M3.5.0,M10.5.0/3x", "Europe/Berlin",
        ] { #expect(TimeZoneRules(rule: text) == nil, "\(text)") }
        let file = try Self.bytes("Europe/Berlin")
        // A file that was cut is none, wherever, and none crashes the reader.
        for length in 0..<file.count { _ = TimeZoneRules(Array(file.prefix(length))) }
        #expect(TimeZoneRules(Array(file.prefix(file.count - 1))) == nil)
        #expect(TimeZoneRules(Array(file.prefix(43))) == nil)
        #expect(TimeZoneRules(Array("TZif".utf8) + Array(repeating: 255, count: 60)) == nil)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var broken = file
            broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(
                in: 0...255, using: &generator)
            _ = TimeZoneRules(broken)?.offset(at: UTCTime(seconds: 1_795_680_000))
        }
    }
}
