/// Reads operators.
///
/// An operator that another one names as its commutator or negator, and that nobody has defined
/// yet, is only a name: the other one makes it. One that none names is left over and left out.
///
/// Source: https://www.postgresql.org/docs/current/sql-createoperator.html
struct OperatorReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT o.oid, n.nspname, o.oprname, \(server.roleName("o.oprowner")),
              pg_catalog.format_type(NULLIF(o.oprleft, 0), NULL),
              pg_catalog.format_type(NULLIF(o.oprright, 0), NULL),
              \(server.functionName("o.oprcode")), \(reference("o.oprcom")),
              \(reference("o.oprnegate")), o.oprcanmerge, o.oprcanhash,
              \(server.functionName("o.oprrest")), \(server.functionName("o.oprjoin")),
              EXISTS (SELECT FROM pg_catalog.pg_operator u WHERE u.oprcode <> 0
                AND o.oprcode = 0 AND o.oid IN (u.oprcom, u.oprnegate))
            FROM pg_catalog.pg_operator o
            JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
            WHERE \(server.isUsers(.operator, "o.oid", schema: "n.nspname"))
            """
        ]
    }

    private func reference(_ oid: String) -> String {
        """
        (SELECT 'OPERATOR(' || pg_catalog.quote_ident(rn.nspname) || '.' || r.oprname || ')' \
        FROM pg_catalog.pg_operator r JOIN pg_catalog.pg_namespace rn ON rn.oid = r.oprnamespace \
        WHERE r.oid = \(oid))
        """
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.operator, row.oid())
            let (schema, name, owner) = (row.text(), row.text(), row.text())
            let (left, right) = (row.optionalText(), row.optionalText())
            let types = "(\(left ?? "NONE"), \(right ?? "NONE"))"
            let qualified = "\(SQLQuoting.identifier(schema)).\(name)"
            guard let function = row.optionalText() else {
                for _ in 0..<6 { _ = row.optionalText() }
                if row.flag() {
                    contents.excluded.insert(id)
                } else {
                    contents.exclude(
                        id, "The operator \(qualified) \(types), which was never defined.")
                }
                return
            }
            var clauses = ["FUNCTION = \(function)"]
            if let left { clauses.append("LEFTARG = \(left)") }
            if let right { clauses.append("RIGHTARG = \(right)") }
            if let commutator = row.optionalText() { clauses.append("COMMUTATOR = \(commutator)") }
            if let negator = row.optionalText() { clauses.append("NEGATOR = \(negator)") }
            if row.flag() { clauses.append("MERGES") }
            if row.flag() { clauses.append("HASHES") }
            if let estimator = row.optionalText() { clauses.append("RESTRICT = \(estimator)") }
            if let estimator = row.optionalText() { clauses.append("JOIN = \(estimator)") }
            contents.objects.append(
                PlainObject(
                    id, .operator, ObjectName(schema: schema, name, detail: types),
                    target: "\(qualified) \(types)", owner: owner,
                    statements: [
                        "CREATE OPERATOR \(qualified) (\(clauses.joined(separator: ", ")))"
                    ]))
        }
    }
}
