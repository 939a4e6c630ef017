internal import Database
internal import PostgresCatalog

/// Something of a database that a restore in place drops.
struct TargetObject {
    /// What DROP calls its kind.
    let kind: String
    /// How DROP names it, quoted.
    let identity: String
    let owner: String
    /// Whether the session may drop it.
    let mayDrop: Bool
    /// The schema that it is, for one.
    let schema: String?

    /// For people.
    var description: String {
        "\(kind.lowercased()) \(identity)" + (owner.isEmpty ? "" : " of '\(owner)'")
    }
}

/// What a database holds that its model covers, as the server itself names it.
struct TargetObjects {
    private let connection: any Connection

    init(_ connection: any Connection) { self.connection = connection }

    /// All objects of users, in the order in which they are dropped; no members of extensions, for
    /// these come and go with them, and nothing that comes with another object.
    func list() throws -> [TargetObject] {
        let selects = Self.catalogs.enumerated().map { rank, catalog in
            """
            SELECT \(rank), \(catalog.class)::pg_catalog.oid, o.oid, \(catalog.owner), \
            \(catalog.schema) FROM pg_catalog.\(catalog.table) o WHERE o.oid >= 16384\(catalog.condition)
            """
        }
        let rows = try connection.query(
            """
            SELECT i.type, coalesce((SELECT 'FOR ' || pg_catalog.format_type(t.trftype, NULL) \
            || ' LANGUAGE ' || pg_catalog.quote_ident(l.lanname) FROM pg_catalog.pg_transform t \
            JOIN pg_catalog.pg_language l ON l.oid = t.trflang \
            WHERE t.oid = o.oid AND o.class = 3576), i.identity), CASE WHEN o.owner <> 0 THEN pg_catalog.pg_get_userbyid(o.owner) \
            END, o.owner = 0 OR pg_catalog.pg_has_role(o.owner, 'USAGE') \
            OR coalesce(pg_catalog.pg_has_role(n.nspowner, 'USAGE'), false), \
            CASE WHEN o.class = 2615 THEN s.nspname END \
            FROM (\(selects.joined(separator: " UNION ALL "))) o (rank, class, oid, owner, schema) \
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.schema \
            LEFT JOIN pg_catalog.pg_namespace s ON s.oid = o.oid AND o.class = 2615 \
            CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.class, o.oid, 0) i \
            WHERE coalesce(n.nspname, s.nspname, '') !~ '^pg_(temp|toast)' AND NOT EXISTS \
            (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid \
            AND d.objsubid = 0 AND d.deptype IN ('i', 'e')) ORDER BY o.rank, i.identity
            """
        ).rows
        return rows.map { row in
            TargetObject(
                kind: Self.keyword(row[0].string ?? ""), identity: row[1].string ?? "",
                owner: row[2].string ?? "", mayDrop: row[3].boolean ?? false,
                schema: row[4].string)
        }
    }

    private struct Catalog {
        let `class`: Int
        let table: String
        var owner = "0::pg_catalog.oid"
        var schema = "0::pg_catalog.oid"
        var condition = ""
    }

    /// The order: what reacts to a DROP first, schemas last.
    private static let catalogs = [
        Catalog(class: 3466, table: "pg_event_trigger", owner: "o.evtowner"),
        Catalog(
            class: 6100, table: "pg_subscription", owner: "o.subowner",
            condition: """
                 AND o.subdbid = (SELECT oid FROM pg_catalog.pg_database \
                WHERE datname = pg_catalog.current_database())
                """),
        Catalog(class: 6104, table: "pg_publication", owner: "o.pubowner"),
        Catalog(
            class: 1259, table: "pg_class", owner: "o.relowner", schema: "o.relnamespace",
            condition:
                " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND o.relpersistence <> 't'"
        ),
        Catalog(
            class: 3381, table: "pg_statistic_ext", owner: "o.stxowner", schema: "o.stxnamespace"),
        Catalog(class: 3576, table: "pg_transform"), Catalog(class: 2605, table: "pg_cast"),
        Catalog(class: 1255, table: "pg_proc", owner: "o.proowner", schema: "o.pronamespace"),
        Catalog(class: 2616, table: "pg_opclass", owner: "o.opcowner", schema: "o.opcnamespace"),
        Catalog(class: 2753, table: "pg_opfamily", owner: "o.opfowner", schema: "o.opfnamespace"),
        Catalog(class: 2617, table: "pg_operator", owner: "o.oprowner", schema: "o.oprnamespace"),
        Catalog(class: 1247, table: "pg_type", owner: "o.typowner", schema: "o.typnamespace"),
        Catalog(
            class: 3456, table: "pg_collation", owner: "o.collowner", schema: "o.collnamespace"),
        Catalog(class: 2607, table: "pg_conversion", owner: "o.conowner", schema: "o.connamespace"),
        Catalog(class: 3602, table: "pg_ts_config", owner: "o.cfgowner", schema: "o.cfgnamespace"),
        Catalog(class: 3600, table: "pg_ts_dict", owner: "o.dictowner", schema: "o.dictnamespace"),
        Catalog(class: 3601, table: "pg_ts_parser", schema: "o.prsnamespace"),
        Catalog(class: 3764, table: "pg_ts_template", schema: "o.tmplnamespace"),
        Catalog(class: 1417, table: "pg_foreign_server", owner: "o.srvowner"),
        Catalog(class: 2328, table: "pg_foreign_data_wrapper", owner: "o.fdwowner"),
        Catalog(class: 2601, table: "pg_am"),
        Catalog(class: 2612, table: "pg_language", owner: "o.lanowner"),
        Catalog(class: 2615, table: "pg_namespace", owner: "o.nspowner"),
    ]

    private static func keyword(_ type: String) -> String {
        switch type {
        // Takes all three, and no argument where an aggregate has none.
        case "function", "procedure", "aggregate": "ROUTINE"
        case "composite type": "TYPE"
        case "foreign-data wrapper": "FOREIGN DATA WRAPPER"
        case "statistics object": "STATISTICS"
        default: type.uppercased()
        }
    }
}

/// An extension of the target.
struct TargetExtension {
    let name: String
    let version: String
    let schema: String
    let mayDrop: Bool

    static func list(_ connection: any Connection) throws -> [TargetExtension] {
        try connection.query(
            """
            SELECT e.extname, e.extversion, n.nspname, pg_catalog.pg_has_role(e.extowner, 'USAGE') \
            FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
            ORDER BY 1
            """
        ).rows.map {
            TargetExtension(
                name: $0[0].string ?? "", version: $0[1].string ?? "", schema: $0[2].string ?? "",
                mayDrop: $0[3].boolean ?? false)
        }
    }

    /// Whether the snapshot has the very same one, so that it stays.
    func isKept(by model: SchemaModel) -> Bool {
        model.extensions.contains {
            $0.name == name && $0.version == version && $0.schema == schema
        }
    }
}
