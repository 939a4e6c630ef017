/// What GRANT and REVOKE name: one object, or the default for those that are still to come.
///
/// The statements are the difference between two lists, so that an object whose privileges are
/// what its creation gives needs none. They run as a superuser or as the owner; where another role
/// granted, they become that role first, for GRANT records who it is run by.
///
/// Source: https://www.postgresql.org/docs/current/sql-grant.html#SQL-GRANT-NOTES
struct PrivilegeTarget: Sendable, Hashable {
    /// What it is.
    var kind: PrivilegeKind
    /// Its name as SQL has it: quoted, qualified, with argument types; of a column, its table's;
    /// empty for a default.
    var name: String
    /// The name of the column, quoted; nil for everything else.
    var column: String?
    /// Who owns it, unquoted; of a default, whose objects it is for. Nothing has to be done to
    /// grant as this role. Nil where there is no owner.
    var owner: String?
    /// The owner and who owned it when it was made: none of them has to be become.
    private var owners: Set<String>
    /// What stands before GRANT: `ALTER DEFAULT PRIVILEGES FOR ROLE app` or nothing.
    var prefix: String
    /// Whether the server that the lists are from knows MAINTAIN: it decides what `ALL` is.
    var hasMaintain: Bool

    /// Names an object.
    init(
        _ kind: PrivilegeKind, _ name: String, column: String? = nil, owner: String?,
        prefix: String = "", hasMaintain: Bool
    ) {
        self.kind = kind
        self.name = name
        self.column = column
        self.owner = owner
        owners = owner.map { [$0] } ?? []
        self.prefix = prefix
        self.hasMaintain = hasMaintain
    }

    /// What brings the privileges from `base` to `acl`: what is too much is revoked, the last link
    /// of a chain of grant options first; then what is missing is granted, the first link first.
    func statements(
        from base: AccessControlList, to acl: AccessControlList
    ) -> [SchemaStatement] {
        var target = self
        // What the server or an extension made can have had another owner then, and has in a copy.
        let granters = Set(base.grants.keys.map(\.grantor))
        let granted = base.grants.keys.filter { $0.grantor != $0.grantee }.compactMap(\.grantee)
        target.owners.formUnion(granters.subtracting(granted))
        return target.difference(from: base, to: acl)
    }

    private func difference(
        from base: AccessControlList, to acl: AccessControlList
    ) -> [SchemaStatement] {
        var changes: [Change] = []
        for (grant, rights) in chain(base).reversed() {
            let wanted = acl.grants[grant] ?? .init()
            let surplus = rights.privileges.subtracting(wanted.privileges)
            changes.append(Change(grant, .revoke, surplus))
            let options = rights.grantable.subtracting(wanted.grantable).subtracting(surplus)
            changes.append(Change(grant, .revokeOption, options))
        }
        for (grant, rights) in chain(acl) {
            let present = base.grants[grant] ?? .init()
            let options = rights.grantable.subtracting(present.grantable)
            let missing = rights.privileges.subtracting(present.privileges).subtracting(options)
            changes.append(Change(grant, .grant, missing))
            changes.append(Change(grant, .grantOption, options))
        }
        return statements(of: changes.filter { !$0.privileges.isEmpty })
    }
}

// MARK: - Order

extension PrivilegeTarget {
    private struct Holder: Hashable {
        var role: String
        var privilege: Character
    }

    /// The grants of a list in an order in which the server takes them: a role can pass on only
    /// what it was given with its grant option. A grant comes in parts where one of its privileges
    /// has to wait for another grant. Circles do not exist: the server refuses them.
    private func chain(
        _ list: AccessControlList
    ) -> [(AccessControlList.Grant, AccessControlList.Rights)] {
        var waiting = list.grants
        var holders: Set<Holder> = []
        var order: [(AccessControlList.Grant, AccessControlList.Rights)] = []
        while !waiting.isEmpty {
            var round = waiting
            for (grant, rights) in waiting where !isOwner(grant.grantor) {
                let ready = rights.privileges.filter {
                    holders.contains(Holder(role: grant.grantor, privilege: $0))
                }
                round[grant] = ready.isEmpty ? nil : rights.limited(to: ready)
            }
            // What is left has a grantor without the right to: take it as it stands.
            if round.isEmpty { round = waiting }
            for (grant, rights) in round.sorted(by: { precedes($0.key, $1.key) }) {
                order.append((grant, rights))
                for privilege in rights.grantable {
                    guard let grantee = grant.grantee else { continue }
                    holders.insert(Holder(role: grantee, privilege: privilege))
                }
                let rest = (waiting[grant] ?? .init()).removing(rights.privileges)
                waiting[grant] = rest.privileges.isEmpty ? nil : rest
            }
        }
        return order
    }

    /// Whether a role grants without being granted to; any, where there is no owner.
    private func isOwner(_ role: String) -> Bool { owner == nil || owners.contains(role) }

    /// The owner's own privileges come first, whatever the names are.
    private func precedes(_ left: AccessControlList.Grant, _ right: AccessControlList.Grant) -> Bool
    {
        let (leftIsOwn, rightIsOwn) = (left.grantee == owner, right.grantee == owner)
        return leftIsOwn == rightIsOwn ? left < right : leftIsOwn
    }
}

extension AccessControlList.Rights {
    fileprivate func limited(to privileges: Set<Character>) -> Self {
        Self(
            privileges: self.privileges.intersection(privileges),
            grantable: grantable.intersection(privileges))
    }

    fileprivate func removing(_ privileges: Set<Character>) -> Self {
        Self(
            privileges: self.privileges.subtracting(privileges),
            grantable: grantable.subtracting(privileges))
    }
}

// MARK: - Words

extension PrivilegeTarget {
    private enum Verb {
        case grant, grantOption, revoke, revokeOption
    }

    private struct Change {
        var grant: AccessControlList.Grant
        var verb: Verb
        var privileges: Set<Character>

        init(_ grant: AccessControlList.Grant, _ verb: Verb, _ privileges: Set<Character>) {
            self.grant = grant
            self.verb = verb
            self.privileges = privileges
        }
    }

    private func statements(of changes: [Change]) -> [SchemaStatement] {
        var statements: [SchemaStatement] = []
        var current: String?
        func become(_ grantor: String?) {
            guard grantor != current else { return }
            if let current {
                statements.append(
                    SchemaStatement("RESET SESSION AUTHORIZATION", roles: [current]))
            }
            if let grantor {
                let name = SQLQuoting.identifier(grantor)
                statements.append(
                    SchemaStatement("SET SESSION AUTHORIZATION \(name)", roles: [grantor]))
            }
            current = grantor
        }
        for change in changes {
            become(isOwner(change.grant.grantor) ? nil : change.grant.grantor)
            statements.append(statement(change))
        }
        become(nil)
        return statements
    }

    private func statement(_ change: Change) -> SchemaStatement {
        let privileges = list(change.privileges)
        let object = ([kind == .column ? "TABLE" : kind.rawValue] + (name.isEmpty ? [] : [name]))
            .joined(separator: " ")
        let grantee = change.grant.grantee.map(SQLQuoting.identifier) ?? "PUBLIC"
        let words =
            switch change.verb {
            case .grant: "GRANT \(privileges) ON \(object) TO \(grantee)"
            case .grantOption: "GRANT \(privileges) ON \(object) TO \(grantee) WITH GRANT OPTION"
            case .revoke: "REVOKE \(privileges) ON \(object) FROM \(grantee)"
            case .revokeOption:
                "REVOKE GRANT OPTION FOR \(privileges) ON \(object) FROM \(grantee)"
            }
        var roles: [String] = []
        if !prefix.isEmpty, let owner { roles.append(owner) }
        if !isOwner(change.grant.grantor) { roles.append(change.grant.grantor) }
        if let grantee = change.grant.grantee, !roles.contains(grantee) { roles.append(grantee) }
        return SchemaStatement(prefix.isEmpty ? words : "\(prefix) \(words)", roles: roles)
    }

    /// `ALL` where nothing is left out, so that a newer server's further privileges are meant too.
    private func list(_ letters: Set<Character>) -> String {
        let all = kind.privileges(hasMaintain: hasMaintain)
        let chosen = all.filter { letters.contains($0.letter) }
        let names = chosen.count == all.count ? ["ALL"] : chosen.map(\.name)
        guard let column else { return names.joined(separator: ", ") }
        return names.map { "\($0) (\(column))" }.joined(separator: ", ")
    }
}
