/// The number of a migration: digits, compared as a number and kept as the text that was written.
///
/// `1`, `01` and `001` are equal and hash alike; there is no upper limit to the digits.
package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The digits as written, `001` or `20261123210722`.
    package let text: String
    private let significant: Substring

    /// Reads a version.
    ///
    /// - Returns: nil unless `text` is one or more ASCII digits.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        self.text = String(text)
        significant = self.text[...].drop { $0 == "0" }
    }

    /// The text as written.
    package var description: String { text }

    /// Compares as numbers.
    package static func < (left: Version, right: Version) -> Bool {
        let (leftCount, rightCount) = (left.significant.utf8.count, right.significant.utf8.count)
        return leftCount == rightCount
            ? left.significant < right.significant : leftCount < rightCount
    }

    /// Equal as numbers.
    package static func == (left: Version, right: Version) -> Bool {
        left.significant == right.significant
    }

    /// Hashes the number.
    package func hash(into hasher: inout Hasher) { hasher.combine(significant) }
}
