/// Patterns with `*` and `?`, separated by commas, of which `!` in front denies.
///
/// Source: ssh_config(5), PATTERNS.
struct PatternList: Sendable, Hashable {
    /// As it was written.
    let text: String

    init(_ text: String) { self.text = text }

    /// True where a pattern matches and none that denies does.
    func matches(_ name: String) -> Bool {
        var isAllowed = false
        for pattern in text.unicodeScalars.split(separator: ",") {
            let denies = pattern.first == "!"
            let scalars = Array(denies ? pattern.dropFirst() : pattern)
            guard Self.matches(scalars[...], Array(name.unicodeScalars)[...]) else { continue }
            if denies { return false }
            isAllowed = true
        }
        return isAllowed
    }

    /// Linear in each `*`: the last one is widened where what follows does not fit.
    private static func matches(
        _ pattern: ArraySlice<Unicode.Scalar>, _ name: ArraySlice<Unicode.Scalar>
    ) -> Bool {
        var pattern = pattern
        var name = name
        var retry: (pattern: ArraySlice<Unicode.Scalar>, name: ArraySlice<Unicode.Scalar>)?
        while true {
            if pattern.first == "*" {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if let wanted = pattern.first, let found = name.first,
                wanted == "?" || wanted == found
            {
                pattern = pattern.dropFirst()
                name = name.dropFirst()
            } else if pattern.isEmpty, name.isEmpty {
                return true
            } else if let last = retry, !last.name.isEmpty {
                pattern = last.pattern
                name = last.name.dropFirst()
                retry = (pattern, name)
            } else {
                return false
            }
        }
    }
}
