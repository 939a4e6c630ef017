import Migrations
import TestSupport
import Testing

@Suite struct VersionTests {
    @Test(
        arguments: [
            ("1", "2"), ("2", "10"), ("9", "010"), ("001", "2"), ("0", "1"),
            ("20261123210722", "20261123210723"),
            ("99999999999999999999999999", "100000000000000000000000000"),
        ])
    func `versions are compared as numbers of any length`(
        smaller: String, larger: String
    ) throws {
        let (left, right) = (try #require(Version(smaller)), try #require(Version(larger)))
        #expect(left < right)
        #expect(!(right < left))
        #expect(left != right)
    }

    @Test(arguments: [("1", "001"), ("0", "000"), ("10", "0010")])
    func `leading zeros make no other version, and the text stays as written`(
        short: String, long: String
    ) throws {
        let (left, right) = (try #require(Version(short)), try #require(Version(long)))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(!(left < right) && !(right < left))
        #expect("\(left) \(right)" == "\(short) \(long)")
    }

    @Test(arguments: ["", "a", "1a", "-1", "+1", " 1", "1 ", "1_0", "١", "１"])
    func `what is not all ASCII digits is no version`(text: String) {
        #expect(Version(text) == nil)
    }
}
