extension ObjectPrivileges {
    /// What turns the privileges of a new object into these; empty where they are the same.
    ///
    /// Those on columns come last: REVOKE on a table takes its columns' privileges along.
    func statements() -> [SchemaStatement] {
        var statements: [SchemaStatement] = []
        guard let (kind, name) = kindAndName else { return [] }
        if let acl, let wanted = AccessControlList(acl),
            let present = AccessControlList(base ?? "{}")
        {
            let letters =
                (wanted.grants.values.map(\.privileges)
                    + present.grants.values.map(\.privileges))
            let target = PrivilegeTarget(
                kind, name, owner: owner,
                hasMaintain: letters.contains { $0.contains(PrivilegeKind.maintain) })
            statements += target.statements(from: present, to: wanted)
        }
        for column in columns {
            guard let wanted = AccessControlList(column.acl),
                let present = AccessControlList(column.base)
            else { continue }
            let target = PrivilegeTarget(
                .column, name, column: SQLQuoting.identifier(column.name), owner: owner,
                hasMaintain: false)
            statements += target.statements(from: present, to: wanted)
        }
        return statements
    }

    /// What stands first in `target` is the kind.
    private var kindAndName: (PrivilegeKind, String)? {
        for kind in PrivilegeKind.allCases where target.hasPrefix(kind.rawValue + " ") {
            return (kind, String(target.dropFirst(kind.rawValue.count + 1)))
        }
        return nil
    }
}
