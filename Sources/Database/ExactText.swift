/// A text that is the same as another one only byte by byte.
///
/// For Swift two strings are equal that look alike, such as `é` as one character and as `e` with an
/// accent: for a database they are two names. Wherever a name tells one object from another, it is
/// compared as one of these.
package struct ExactText: Sendable, Hashable, Comparable {
    /// The text.
    package let text: String

    /// Wraps a text.
    package init(_ text: String) { self.text = text }

    /// Whether the bytes in UTF-8 are the same.
    package static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// By the bytes in UTF-8.
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Hashes the bytes in UTF-8.
    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// The text, to be compared byte by byte.
    package var exact: ExactText { ExactText(self) }
}

extension [String] {
    /// The texts, to be compared byte by byte.
    package var exact: [ExactText] { map(\.exact) }
}
