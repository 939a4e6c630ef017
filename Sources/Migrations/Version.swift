/// The number of a migration: digits, compared as a number and kept as the text that was written; in
/// Flyway's files several of them with dots between, compared one by one.
///
/// `1`, `01`, `001` and `1.0` are equal and hash alike; there is no upper limit to the digits.
package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The version as written, `001`, `20261123210722` or `1.2`.
    package let text: String
    private let first: Substring
    /// What follows the first dot, without zeros at the end.
    private let rest: [Substring]

    /// Reads a version.
    ///
    /// - Returns: nil unless `text` is ASCII digits, or several groups of them with a dot between each.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E })
        else { return nil }
        self.text = String(text)
        guard self.text.utf8.contains(0x2E) else {
            first = self.text[...].drop { $0 == "0" }
            rest = []
            return
        }
        let parts = self.text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        var numbers = parts.map { part in part.drop { $0 == "0" } }
        while numbers.count > 1, numbers.last?.isEmpty == true { numbers.removeLast() }
        first = numbers[0]
        rest = Array(numbers.dropFirst())
    }

    /// The text as written.
    package var description: String { text }

    /// Compares as numbers, group by group.
    package static func < (left: Version, right: Version) -> Bool {
        if left.first != right.first { return isLess(left.first, right.first) }
        for (one, other) in zip(left.rest, right.rest) where one != other {
            return isLess(one, other)
        }
        return left.rest.count < right.rest.count
    }

    private static func isLess(_ left: Substring, _ right: Substring) -> Bool {
        let (leftCount, rightCount) = (left.utf8.count, right.utf8.count)
        return leftCount == rightCount ? left < right : leftCount < rightCount
    }

    /// Equal as numbers.
    package static func == (left: Version, right: Version) -> Bool {
        left.first == right.first && left.rest == right.rest
    }

    /// Hashes the number.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        hasher.combine(rest)
    }
}
