/// A place in the file: line and column from 1, the column in Unicode scalars.
struct YAMLMark: Sendable, Hashable {
    var line: Int
    var column: Int
}

/// A scalar's text, and how it came about.
struct YAMLScalar: Sendable, Hashable {
    /// Where the text comes from.
    enum Origin: Sendable, Hashable {
        /// As it stands in the file.
        case literal
        /// It has variables that were not looked up.
        case deferred
        /// Variables were filled in; the text may be secret.
        case substituted
    }

    var text: String
    /// Without quotes, so that `true` is a boolean and `null` nothing.
    var isPlain: Bool
    var origin = Origin.literal

    /// Nothing was written. Source: https://yaml.org/spec/1.2.2/#1032-tag-resolution
    var isNull: Bool {
        isPlain && origin == .literal && ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// A value in the file with its place.
struct YAMLNode: Sendable, Hashable {
    /// What kind of value it is.
    indirect enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    var content: Content
    var mark: YAMLMark

    /// A mapping without some of its keys.
    func removing(_ keys: [String]) -> YAMLNode {
        guard case .mapping(let entries) = content else { return self }
        return YAMLNode(
            content: .mapping(entries.filter { !keys.contains($0.key) }), mark: mark)
    }

    /// True for a value that was left out.
    var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.isNull } else { false }
    }

    /// What a person would call it, for "expected …, found …".
    var kind: String {
        switch content {
        case .scalar(let scalar) where scalar.isNull: "nothing"
        case .scalar(let scalar) where scalar.origin != .literal: "a value from a variable"
        case .scalar(let scalar): Wording.quoted(scalar.text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A key with its value.
struct YAMLEntry: Sendable, Hashable {
    var key: String
    var keyMark: YAMLMark
    var value: YAMLNode
}
