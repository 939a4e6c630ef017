/// Reads operator families and operator classes.
///
/// A member of a family is tied to a class, which then creates it, or is loose in the family.
/// Users can add loose members to families of the server and of extensions too: these are told
/// from those of an extension by what they are made of.
///
/// Source: https://www.postgresql.org/docs/current/sql-createopclass.html
struct OperatorFamilyReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT f.oid, n.nspname, f.opfname, \(server.roleName("f.opfowner")), a.amname,
              \(server.isUsers(.operatorFamily, "f.oid", schema: "n.nspname"))
            FROM pg_catalog.pg_opfamily f
            JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
            JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
            WHERE f.oid IN (SELECT oid FROM pg_catalog.pg_opfamily WHERE oid >= 16384
              UNION SELECT amopfamily FROM pg_catalog.pg_amop WHERE oid >= 16384
              UNION SELECT amprocfamily FROM pg_catalog.pg_amproc WHERE oid >= 16384)
            """,
            """
            SELECT c.oid, n.nspname, c.opcname, \(server.roleName("c.opcowner")), a.amname,
              c.opcdefault, pg_catalog.format_type(c.opcintype, NULL), c.opcfamily, fn.nspname,
              f.opfname, pg_catalog.format_type(NULLIF(c.opckeytype, 0), NULL)
            FROM pg_catalog.pg_opclass c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
            JOIN pg_catalog.pg_am a ON a.oid = c.opcmethod
            JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
            JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
            WHERE \(server.isUsers(.operatorClass, "c.oid", schema: "n.nspname"))
            """,
            Self.operators, Self.functions(server),
        ]
    }

    private static let operators = """
        SELECT m.amopfamily, d.refobjid, m.oid, m.amopopr,
          'OPERATOR ' || m.amopstrategy || ' ' || m.amopopr::pg_catalog.regoperator
          || COALESCE(' FOR ORDER BY ' || pg_catalog.quote_ident(sn.nspname) || '.'
          || pg_catalog.quote_ident(s.opfname), '')
        FROM pg_catalog.pg_amop m
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 2602 AND d.objid = m.oid
          AND d.refclassid = 2616
        LEFT JOIN pg_catalog.pg_opfamily s ON s.oid = m.amopsortfamily
        LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = s.opfnamespace
        WHERE m.oid >= 16384
        ORDER BY m.amopfamily, m.amopstrategy, 5
        """

    private static func functions(_ server: ServerFacts) -> String {
        """
        SELECT m.amprocfamily, d.refobjid, m.oid, m.amproc::pg_catalog.oid,
          'FUNCTION ' || m.amprocnum || ' (' || pg_catalog.format_type(m.amproclefttype, NULL)
          || ', ' || pg_catalog.format_type(m.amprocrighttype, NULL) || ') '
          || \(server.functionSignature("m.amproc"))
        FROM pg_catalog.pg_amproc m
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 2603 AND d.objid = m.oid
          AND d.refclassid = 2616
        WHERE m.oid >= 16384
        ORDER BY m.amprocfamily, m.amprocnum, 5
        """
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        let members = Members(operators: answers[2], functions: answers[3])
        answers[1].forEach { row in
            contents.objects.append(Self.operatorClass(&row, members))
        }
        answers[0].forEach { row in
            Self.readFamily(&row, members, into: &contents)
        }
        for member in members.all where member.operatorClass != 0 {
            // The class of an extension brings its members.
            guard let owner = contents.members[ObjectID(.operatorClass, member.operatorClass)]
            else { continue }
            contents.members[member.id] = owner
        }
    }

    private static func operatorClass(_ row: inout RowCursor, _ members: Members) -> PlainObject {
        let id = ObjectID(.operatorClass, row.oid())
        let (schema, name, owner) = (row.text(), row.text(), row.text())
        let method = row.text()
        let target = SQLQuoting.qualified(schema, name)
        let using = "USING \(SQLQuoting.identifier(method))"
        let (isDefault, type) = (row.flag(), row.text())
        let family = ObjectID(.operatorFamily, row.oid())
        let familyName = SQLQuoting.qualified(row.text(), row.text())
        let own = members.ofClass[id.oid] ?? []
        var clauses = row.optionalText().map { ["STORAGE \($0)"] } ?? []
        clauses += own.map(\.clause)
        // A class without anything has to say something: that it stores what it indexes.
        if clauses.isEmpty { clauses = ["STORAGE \(type)"] }
        var object = PlainObject(
            id, .operatorClass, ObjectName(schema: schema, name, detail: " \(using)"),
            target: "\(target) \(using)", owner: owner,
            statements: [
                """
                CREATE OPERATOR CLASS \(target) \(isDefault ? "DEFAULT " : "")FOR TYPE \(type) \
                \(using) FAMILY \(familyName) AS \(clauses.joined(separator: ", "))
                """
            ])
        object.aliases = own.map(\.id)
        object.dependencies = [family]
        return object
    }

    private static func readFamily(
        _ row: inout RowCursor, _ members: Members, into contents: inout CatalogContents
    ) {
        let id = ObjectID(.operatorFamily, row.oid())
        let (schema, name, owner) = (row.text(), row.text(), row.text())
        let target = SQLQuoting.qualified(schema, name)
        let using = "USING \(SQLQuoting.identifier(row.text()))"
        let isUsers = row.flag()
        var loose = members.loose[id.oid] ?? []
        if !isUsers { loose = Self.users(among: loose, of: id, &contents) }
        guard isUsers || !loose.isEmpty else { return }
        var statements = isUsers ? ["CREATE OPERATOR FAMILY \(target) \(using)"] : []
        if !loose.isEmpty {
            let clauses = loose.map(\.clause).joined(separator: ", ")
            statements.append("ALTER OPERATOR FAMILY \(target) \(using) ADD \(clauses)")
        }
        var object = PlainObject(
            id, .operatorFamily, ObjectName(schema: schema, name, detail: " \(using)"),
            target: isUsers ? "\(target) \(using)" : nil, owner: isUsers ? owner : nil,
            statements: statements)
        if !isUsers {
            object.id.aspect = .additions
            object.dependencies = [id]
        }
        object.aliases = loose.map(\.id)
        contents.objects.append(object)
    }

    /// The members of a family of the server or of an extension that neither has added.
    private static func users(
        among loose: [Member], of family: ObjectID, _ contents: inout CatalogContents
    ) -> [Member] {
        let familyOwner = contents.members[family]
        return loose.filter { member in
            let owner = contents.members[member.what]
            // In its own family, an extension can also use what the server has.
            guard
                let owner = owner
                    ?? (member.what.oid < ObjectID.firstUserOID ? familyOwner : nil)
            else { return true }
            contents.members[member.id] = owner
            return false
        }
    }
}

extension OperatorFamilyReader {
    /// An operator or a support function of a family.
    struct Member {
        /// The row in `pg_amop` or `pg_amproc`.
        var id: ObjectID
        /// The operator or the function.
        var what: ObjectID
        /// The OID of the class that it is tied to; 0 for a loose one.
        var operatorClass: UInt32
        /// What adds it.
        var clause: String
    }

    /// All members that did not come with the server.
    struct Members {
        private(set) var all: [Member] = []
        private(set) var ofClass: [UInt32: [Member]] = [:]
        private(set) var loose: [UInt32: [Member]] = [:]

        init(operators: Answer, functions: Answer) {
            add(operators, .accessMethodOperator, .operator)
            add(functions, .accessMethodProcedure, .function)
        }

        private mutating func add(
            _ answer: Answer, _ catalog: SystemCatalog, _ what: SystemCatalog
        ) {
            answer.forEach { row in
                let (family, operatorClass) = (row.oid(), row.oid())
                let member = Member(
                    id: ObjectID(catalog, row.oid()), what: ObjectID(what, row.oid()),
                    operatorClass: operatorClass, clause: row.text())
                all.append(member)
                if operatorClass == 0 {
                    loose[family, default: []].append(member)
                } else {
                    ofClass[operatorClass, default: []].append(member)
                }
            }
        }
    }
}
