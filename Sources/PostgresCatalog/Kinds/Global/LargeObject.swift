/// Reads large objects: who owns each and what it grants. What they hold is not of the schema.
///
/// There can be millions, so those of one owner with the same privileges are one entry for every
/// thousand.
///
/// Source: https://www.postgresql.org/docs/current/largeobjects.html
struct LargeObjectReader: ObjectReader {
    static let batchSize = 1000

    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT l.oid, \(server.roleName("l.lomowner")),
              \(server.privilegeColumns("l.lomacl", type: "'L'", owner: "l.lomowner"))
            FROM pg_catalog.pg_largeobject_metadata l ORDER BY l.oid
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var batches: [Likeness: [UInt32]] = [:]
        func close(_ likeness: Likeness, _ oids: [UInt32]) {
            contents.objects.append(
                LargeObjects(
                    oids: oids, owner: likeness.owner, acl: likeness.acl, base: likeness.base))
        }
        answers[0].forEach { row in
            let oid = row.oid()
            let likeness = Likeness(
                owner: row.text(), acl: row.optionalText(), base: row.optionalText())
            batches[likeness, default: []].append(oid)
            if let oids = batches[likeness], oids.count == Self.batchSize {
                close(likeness, oids)
                batches[likeness] = nil
            }
        }
        for (likeness, oids) in batches { close(likeness, oids) }
    }

    private struct Likeness: Hashable {
        var owner: String
        var acl: String?
        var base: String?
    }
}

/// Large objects of one owner with the same privileges. Their OIDs are their names, and stay.
struct LargeObjects: CatalogObject, Hashable {
    /// The OIDs, ascending; at least one.
    var oids: [UInt32]
    /// Who owns each.
    var owner: String?
    /// The access control list of each.
    var acl: String?
    /// What it is compared with.
    var base: String?

    var id: ObjectID { ObjectID(.largeObject, oids[0]) }
    var aliases: [ObjectID] { oids.dropFirst().map { ObjectID(.largeObject, $0) } }
    var kind: ObjectKind { .largeObject }
    var name: ObjectName {
        ObjectName(String(oids[0]), detail: oids.count > 1 ? " and \(oids.count - 1) more" : "")
    }
    var parts: [ObjectPart] {
        oids.map { ObjectPart(ObjectID(.largeObject, $0), "LARGE OBJECT \($0)") }
    }

    func creation() -> [SchemaStatement] {
        let list = oids.map(String.init).joined(separator: ",")
        var statements = [
            SchemaStatement(
                """
                SELECT pg_catalog.count(pg_catalog.lo_create(o)) \
                FROM pg_catalog.unnest('{\(list)}'::pg_catalog.oid[]) l (o)
                """)
        ]
        guard let owner else { return statements }
        statements += oids.map { oid in
            SchemaStatement(
                "ALTER LARGE OBJECT \(oid) OWNER TO \(SQLQuoting.identifier(owner))",
                roles: [owner])
        }
        return statements
    }

    func grants() -> [SchemaStatement] {
        guard let owner else { return [] }
        let list = oids.map(String.init).joined(separator: ", ")
        return ObjectPrivileges(
            target: "LARGE OBJECT \(list)", owner: owner, acl: acl, base: base
        ).statements()
    }
}
