/// An object whose DDL is the same wherever it stands in the order.
struct PlainObject: CatalogObject, Hashable {
    var id: ObjectID
    var aliases: [ObjectID] = []
    var kind: ObjectKind
    var name: ObjectName
    var owner: String?
    var target: String?
    var parts: [ObjectPart] = []
    var privileges: ObjectPrivileges?
    var dependencies: [ObjectID] = []
    var corrections = EdgeCorrections()
    /// The statements that create it.
    var statements: [SchemaStatement]

    /// Describes an object.
    ///
    /// - Parameters:
    ///   - id: what `pg_depend` calls it.
    ///   - kind: what it is.
    ///   - name: what it is sorted by.
    ///   - target: its name after the kind in COMMENT ON and ALTER … OWNER TO, quoted; nil where no
    ///     such statement is to be written.
    ///   - owner: who owns it.
    ///   - statements: what creates it.
    init(
        _ id: ObjectID, _ kind: ObjectKind, _ name: ObjectName, target: String?,
        owner: String? = nil, statements: [String]
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.target = target.map { "\(kind.rawValue) \($0)" }
        self.owner = owner
        self.statements = statements.map { SchemaStatement($0) }
    }

    func creation() -> [SchemaStatement] { statements }
}

extension ServerFacts {
    /// A condition: the object, whose OID is the expression `oid`, came neither with the server nor
    /// with an extension, and is in no schema (the expression that is its name) that goes with a
    /// session.
    ///
    /// What a user put into a schema of the server counts: nothing else would create it.
    func isUsers(_ catalog: SystemCatalog, _ oid: String, schema: String? = nil) -> String {
        let own = "\(oid) >= \(ObjectID.firstUserOID) AND \(isNoMember(catalog, oid))"
        guard let schema else { return own }
        return "\(own) AND \(schema) !~ '^pg_(temp|toast)'"
    }

    /// An expression: the function with the OID `oid` as statements that create something else
    /// name it; NULL for 0.
    func functionName(_ oid: String) -> String {
        "NULLIF(\(oid)::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text"
    }

    /// An expression: the function with the OID `oid` with its argument types; NULL for 0.
    func functionSignature(_ oid: String) -> String {
        """
        (SELECT pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.proname) \
        || '(' || \(argumentTypes("f")) || ')' FROM pg_catalog.pg_proc f \
        JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace WHERE f.oid = \(oid))
        """
    }

    /// An expression: the types of the arguments of a function, `function` being its row.
    func argumentTypes(_ function: String) -> String {
        """
        COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format_type(arg, NULL), ', ' \
        ORDER BY place) FROM pg_catalog.unnest(\(function).proargtypes) \
        WITH ORDINALITY args (arg, place)), '')
        """
    }

    /// An expression: the collation with the OID `oid`, in its schema; NULL for 0.
    func collationName(_ oid: String) -> String {
        """
        (SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) \
        FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn \
        ON cn.oid = co.collnamespace WHERE co.oid = \(oid))
        """
    }

    /// An expression: what OPTIONS holds, without its parentheses; NULL where there are none.
    func optionList(_ options: String) -> String {
        """
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(option_name) || ' ' \
        || pg_catalog.quote_literal(option_value), ', ' ORDER BY option_name) \
        FROM pg_catalog.pg_options_to_table(\(options)))
        """
    }
}

extension ObjectPrivileges {
    /// The next two columns of a row, those of `ServerFacts.privilegeColumns`; nil where the
    /// privileges are the default.
    static func next(in row: inout RowCursor, of target: String?, owner: String) -> Self? {
        let (acl, base) = (row.optionalText(), row.optionalText())
        guard let target, let acl else { return nil }
        return Self(target: target, owner: owner, acl: acl, base: base)
    }
}
