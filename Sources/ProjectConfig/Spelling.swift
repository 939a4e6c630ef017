/// Finds the word that someone meant.
enum Spelling {
    /// The candidate with the fewest edits from `word`, if they are few enough to be a slip.
    static func nearest(to word: String, in candidates: [String]) -> String? {
        let plain = normalized(word)
        // Anything much longer than a key is no slip, and the distance costs its square.
        guard plain.count <= 64 else { return nil }
        let limit = max(1, plain.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(plain, normalized(candidate))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Case and the choice between `-` and `_` are not counted as differences.
    private static func normalized(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.map { $0 == "-" ? "_" : $0 }
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours between two words
    /// (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column + 1] + 1, current[column] + 1,
                    previous[column] + (scalar == other ? 0 : 1))
                if row > 0, column > 0, scalar == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}

/// The words that errors have in common.
enum Wording {
    /// The text in quotes, if it can be shown.
    static func quoted(_ text: String) -> String {
        isShown(text) ? "'\(text)'" : "(not shown)"
    }

    /// A key and those that lead to it, `environments.dev.url`.
    static func path(_ keys: [String]) -> String {
        keys.map { isShown($0) ? $0 : "(not shown)" }.joined(separator: ".")
    }

    /// What might be a URL, is long, or has control characters is not repeated in a message.
    private static func isShown(_ text: String) -> Bool {
        text.unicodeScalars.count <= 40 && !text.contains("://") && !text.contains("@")
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    }
}
