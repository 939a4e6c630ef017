/// Reads domains and their constraints.
///
/// Source: https://www.postgresql.org/docs/current/sql-createdomain.html
struct DomainReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT \(TypeColumns.list(server)),
              pg_catalog.format_type(t.typbasetype, t.typtypmod),
              CASE WHEN t.typcollation <> (SELECT b.typcollation FROM pg_catalog.pg_type b
                WHERE b.oid = t.typbasetype) THEN \(server.collationName("t.typcollation")) END,
              COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0),
                pg_catalog.quote_literal(t.typdefault)),
              t.typnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                WHERE k.contypid = t.oid AND k.contype = 'n')
            FROM \(TypeColumns.tables(server, type: "d"))
            """,
            """
            SELECT k.contypid, k.oid, k.conname, pg_catalog.pg_get_constraintdef(k.oid),
              k.convalidated
            FROM pg_catalog.pg_constraint k
            WHERE k.contypid >= 16384 ORDER BY k.contypid, k.conname
            """,
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var constraints: [UInt32: [Domain.Constraint]] = [:]
        answers[1].forEach { row in
            constraints[row.oid(), default: []].append(
                Domain.Constraint(
                    id: ObjectID(.constraint, row.oid()), name: row.text(),
                    definition: row.text(), isValidated: row.flag()))
        }
        for (domain, own) in constraints {
            guard let owner = contents.members[ObjectID(.type, domain)] else { continue }
            for constraint in own { contents.members[constraint.id] = owner }
        }
        answers[0].forEach { row in
            let plain = TypeColumns.object(&row, kind: .domain)
            var type = row.text()
            if let collation = row.optionalText() { type += " COLLATE \(collation)" }
            if let value = row.optionalText() { type += " DEFAULT \(value)" }
            if row.flag() { type += " NOT NULL" }
            let own = constraints[plain.id.oid] ?? []
            let domain = Domain(plain: plain, type: type, constraints: own)
            // What is not validated is not checked when it is created either.
            contents.objects += domain.without(own.filter { !$0.isValidated })
        }
    }
}

/// A domain.
struct Domain: CatalogObject, Hashable {
    /// A constraint of the domain.
    struct Constraint: Hashable {
        var id: ObjectID
        var name: String
        /// `CHECK (…)`, with `NOT VALID` where it is not, or `NOT NULL`.
        var definition: String
        var isValidated: Bool

        var clause: String { "CONSTRAINT \(SQLQuoting.identifier(name)) \(definition)" }
    }

    /// What it has in common with all types.
    var plain: PlainObject
    /// The type below it, with collation, default and the NOT NULL that has no name.
    var type: String
    /// The constraints that are created with it.
    var constraints: [Constraint]

    var id: ObjectID { plain.id }
    var aliases: [ObjectID] { constraints.map(\.id) }
    var kind: ObjectKind { .domain }
    var name: ObjectName { plain.name }
    var owner: String? { plain.owner }
    var target: String? { plain.target }
    var privileges: ObjectPrivileges? { plain.privileges }
    var parts: [ObjectPart] {
        constraints.map { ObjectPart($0.id, commentTarget(of: $0)) }
    }

    func creation() -> [SchemaStatement] {
        let clauses = (["CREATE DOMAIN \(qualifiedName) AS \(type)"] + constraints.map(\.clause))
        return [SchemaStatement(clauses.joined(separator: " "))]
    }

    /// A check that needs something that needs the domain is added later.
    func splitting(_ loop: Set<ObjectID>) -> [any CatalogObject]? {
        let parts = constraints.filter { loop.contains($0.id) }
        return parts.isEmpty ? nil : without(parts)
    }

    /// The domain without some of its constraints, and these.
    func without(_ parts: [Constraint]) -> [any CatalogObject] {
        var domain = self
        domain.constraints.removeAll { parts.contains($0) }
        let objects = parts.map { constraint in
            var object = PlainObject(
                constraint.id, .checkConstraint,
                ObjectName(schema: name.schema, "\(name.name) \(constraint.name)"), target: nil,
                statements: ["ALTER DOMAIN \(qualifiedName) ADD \(constraint.clause)"])
            object.target = commentTarget(of: constraint)
            object.dependencies = [id]
            return object
        }
        return [domain] + objects
    }

    private var qualifiedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    private func commentTarget(of constraint: Constraint) -> String {
        "CONSTRAINT \(SQLQuoting.identifier(constraint.name)) ON DOMAIN \(qualifiedName)"
    }
}
