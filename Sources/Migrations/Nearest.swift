extension Collection where Element == String {
    /// The element nearest to a mistyped word by edit distance; nil where none is near enough to
    /// be what was meant (more than a third of its letters differ).
    package func nearest(to word: String) -> String? {
        let candidates = map { (word: $0, distance: editDistance($0, word)) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }),
            best.distance <= Swift.max(1, best.word.count / 3)
        else { return nil }
        return best.word
    }
}

extension Collection where Element == Version {
    /// A hint for a version that is not among these, which are in ascending order.
    ///
    /// Only a long one, a timestamp, can be recognised by a slip in its digits: among short ones
    /// every number is near.
    func hint(for version: Version) -> String? {
        guard let newest = map(\.text).last, let oldest = first?.text else { return nil }
        if version.text.utf8.count >= 8, let meant = map(\.text).nearest(to: version.text) {
            return "Did you mean \(meant)?"
        }
        return count == 1 ? "The only one is \(newest)." : "They go from \(oldest) to \(newest)."
    }
}

/// Levenshtein's distance with transposition of neighbours counted as one edit.
private func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.lowercased()), Array(right.lowercased()))
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for i in left.indices {
        var current = [i + 1]
        for j in right.indices {
            var cost = Swift.min(
                previous[j + 1] + 1, current[j] + 1, previous[j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = Swift.min(cost, beforePrevious[j - 1] + 1)
            }
            current.append(cost)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}

extension StringProtocol {
    /// Without spaces, tabs and carriage returns at both ends.
    func trimmingSpaces() -> SubSequence {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let start = self.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return start }
        return start[...last]
    }
}
