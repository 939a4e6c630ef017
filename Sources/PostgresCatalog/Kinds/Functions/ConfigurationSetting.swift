/// One `name=value` of `proconfig` or `setconfig`, as SET takes it.
///
/// A variable that is a list of names holds them quoted as identifiers are; SET would read such a
/// text as one name, so each name is written as a literal of its own. Which variables these are
/// the server does not tell: it is a list in its source.
///
/// Source: `GUC_LIST_QUOTE` in src/backend/utils/misc/guc_tables.c of PostgreSQL
struct ConfigurationSetting {
    /// The variable.
    let name: String
    /// Its value as the catalog has it.
    let value: String

    private static let nameLists: Set<String> = [
        "local_preload_libraries", "oauth_validator_libraries", "search_path",
        "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
        "unix_socket_directories",
    ]

    /// Reads an element of the array; nil where it has no value.
    init?(_ text: String) {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        name = String(text[..<equals])
        value = String(text[text.utf8.index(after: equals)...])
    }

    /// Reads the whole array.
    static func all(_ array: [String]) -> [Self] { array.compactMap(Self.init) }

    /// `SET name TO value`.
    var clause: String { "SET \(SQLQuoting.identifier(name)) TO \(literal)" }

    /// The role that the value names, which has to be there for SET to work.
    var roles: [String] {
        let name = name.lowercased()
        guard name == "role" || name == "session_authorization" else { return [] }
        return value == "none" || value == "default" ? [] : [value]
    }

    private var literal: String {
        guard Self.nameLists.contains(name.lowercased()), let names = Self.names(in: value),
            !names.isEmpty
        else { return SQLQuoting.literal(value) }
        return names.map { SQLQuoting.literal($0) }.joined(separator: ", ")
    }

    /// Splits a list of names at its commas; a name in double quotes may hold anything. Nil for
    /// text that is not such a list.
    static func names(in list: String) -> [String]? {
        var names: [String] = []
        var rest = list.unicodeScalars[...]
        skipSpace(&rest)
        guard !rest.isEmpty else { return [] }
        while true {
            guard let name = rest.first == "\"" ? quoted(&rest) : bare(&rest) else { return nil }
            names.append(name)
            skipSpace(&rest)
            guard let next = rest.popFirst() else { return names }
            guard next == "," else { return nil }
            skipSpace(&rest)
        }
    }

    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var name = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"" {
                guard rest.first == "\"" else { return String(name) }
                rest.removeFirst()
            }
            name.append(scalar)
        }
        return nil
    }

    private static func bare(_ rest: inout Substring.UnicodeScalarView) -> String? {
        let name = rest.prefix { $0 != "," && !isSpace($0) }
        rest = rest.dropFirst(name.count)
        return name.isEmpty ? nil : String(name)
    }

    private static func skipSpace(_ rest: inout Substring.UnicodeScalarView) {
        rest = rest.drop(while: isSpace)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        [" ", "\t", "\n", "\r", "\u{0B}", "\u{0C}"].contains(scalar)
    }
}
