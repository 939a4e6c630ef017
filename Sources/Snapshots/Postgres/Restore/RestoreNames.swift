/// The names of the databases that one restore works with.
package struct RestoreNames: Sendable, Hashable {
    /// Eight hexadecimal digits, drawn for this restore.
    package let id: String
    /// The database that is replaced.
    package let target: String

    /// Names for a new restore of a database.
    ///
    /// - Throws: `.refused` for a name too long to have another one made of it.
    init(target: String) throws(SnapshotError) {
        // NAMEDATALEN is 64, with the zero byte.
        guard target.utf8.count + "_restore_01234567".utf8.count <= 63 else {
            throw SnapshotError(
                .refused, "the name '\(target)' is too long: 46 bytes are the most",
                hint: "A restore needs a second database whose name begins with the first one's.")
        }
        let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
        id = String(repeating: "0", count: 8 - digits.count) + digits
        self.target = target
    }

    private init(id: String, target: String) {
        self.id = id
        self.target = target
    }

    /// What is restored into.
    package var restored: String { "\(target)_restore_\(id)" }
    /// What the target is called once it was replaced.
    package var kept: String { "\(target)_before_\(id)" }

    /// The lock that shows that the restore still runs.
    var lockKey: Int64 { Int64(0x6D69_6772) << 32 | (Int64(id, radix: 16) ?? 0) }

    /// Reads the name of a database that a restore made or kept; nil for any other.
    static func read(_ name: String, _ word: String) -> RestoreNames? {
        let suffix = name.utf8.suffix(8)
        let head = name.dropLast(8)
        let isID = suffix.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        let middle = "_\(word)_"
        guard suffix.count == 8, isID, head.hasSuffix(middle), head.utf8.count > middle.utf8.count
        else { return nil }
        return RestoreNames(
            id: String(name.suffix(8)), target: String(head.dropLast(middle.count)))
    }
}
