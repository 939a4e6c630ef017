/// The privileges that are granted on one object: an `aclitem[]` of the catalogs, read.
///
/// Source: https://www.postgresql.org/docs/current/ddl-priv.html
struct AccessControlList: Sendable, Hashable {
    /// Who granted to whom.
    struct Grant: Sendable, Hashable, Comparable {
        /// The role that granted.
        var grantor: String
        /// The role that was granted to; nil is PUBLIC.
        var grantee: String?

        /// By names, PUBLIC first, so that the order is the same in every database.
        static func < (left: Self, right: Self) -> Bool {
            (left.grantor, left.grantee ?? "") < (right.grantor, right.grantee ?? "")
        }
    }

    /// What one grant gives: letters as `aclitem` has them, such as `r` for SELECT.
    struct Rights: Sendable, Hashable {
        /// What may be done.
        var privileges: Set<Character> = []
        /// What may be passed on; a part of `privileges`.
        var grantable: Set<Character> = []
    }

    /// Every grant that gives something.
    var grants: [Grant: Rights]

    /// Creates a list.
    init(grants: [Grant: Rights] = [:]) { self.grants = grants }

    /// Reads the text of an `aclitem[]`, such as `{app=arwdDxt/app,=r/app}`.
    ///
    /// Returns nil for text that is not one.
    init?(_ text: String) {
        grants = [:]
        for item in PostgresArray.strings(text) {
            guard let (grant, rights) = Self.item(item) else { return nil }
            guard !rights.privileges.isEmpty else { continue }
            grants[grant, default: Rights()].privileges.formUnion(rights.privileges)
            grants[grant, default: Rights()].grantable.formUnion(rights.grantable)
        }
    }

    /// Reads `grantee=letters/grantor`, where `*` after a letter is its grant option.
    private static func item(_ text: String) -> (Grant, Rights)? {
        var rest = text.unicodeScalars[...]
        let grantee = roleName(&rest)
        guard rest.popFirst() == "=" else { return nil }
        var rights = Rights()
        var last: Character?
        while let letter = rest.popFirst(), letter != "/" {
            if letter == "*" {
                guard let last else { return nil }
                rights.grantable.insert(last)
            } else {
                last = Character(letter)
                rights.privileges.insert(Character(letter))
            }
        }
        let grantor = roleName(&rest)
        guard rest.isEmpty, !grantor.isEmpty else { return nil }
        return (Grant(grantor: grantor, grantee: grantee.isEmpty ? nil : grantee), rights)
    }

    /// Reads a name up to `=` or the end; a name that is not plain stands in double quotes, and a
    /// double quote in it is doubled.
    private static func roleName(_ rest: inout Substring.UnicodeScalarView) -> String {
        var name = String.UnicodeScalarView()
        var isQuoted = false
        while let scalar = rest.first {
            if scalar == "\"" {
                rest.removeFirst()
                if isQuoted, rest.first == "\"" {
                    name.append(scalar)
                    rest.removeFirst()
                } else {
                    isQuoted.toggle()
                }
            } else if scalar == "=", !isQuoted {
                break
            } else {
                name.append(scalar)
                rest.removeFirst()
            }
        }
        return String(name)
    }
}
