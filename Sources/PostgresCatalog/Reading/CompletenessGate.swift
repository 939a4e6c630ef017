internal import Database

/// Makes sure that nothing is left out unknowingly: every row of every catalog of user objects is an
/// object of the model, a part of one, a member of an extension, or left out for a stated reason.
enum CompletenessGate {
    /// What is asked: the catalog and the OID of every row that must be known.
    static func query(_ server: ServerFacts) -> String {
        let simple = catalogs(server).map { catalog, name in
            "SELECT \(catalog.rawValue), oid FROM pg_catalog.\(name) WHERE oid >= 16384"
        }
        return
            (simple + [schemas, relations, types, constraints, rules, triggers, functions, shared])
            .joined(separator: " UNION ALL ")
    }

    /// The rows that nothing accounts for.
    static func unknown(
        _ answer: Answer, finder: ObjectFinder, contents: CatalogContents
    ) -> [ObjectID] {
        var unknown: [ObjectID] = []
        answer.forEach { row in
            let id = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
            if !finder.knows(id), !contents.excluded.contains(id) { unknown.append(id) }
        }
        return unknown
    }

    /// The query that names objects.
    static func names(_ ids: [ObjectID]) -> String {
        let calls = ids.prefix(20).map { id in
            "(pg_catalog.pg_describe_object(\(id.catalog.rawValue), \(id.oid), 0))"
        }
        return "SELECT name FROM (VALUES \(calls.joined(separator: ", "))) v (name) ORDER BY 1"
    }

    private static func catalogs(_ server: ServerFacts) -> [(SystemCatalog, String)] {
        var catalogs: [(SystemCatalog, String)] = [
            (.accessMethod, "pg_am"), (.accessMethodOperator, "pg_amop"),
            (.accessMethodProcedure, "pg_amproc"), (.attributeDefault, "pg_attrdef"),
            (.cast, "pg_cast"), (.collation, "pg_collation"), (.conversion, "pg_conversion"),
            (.defaultPrivileges, "pg_default_acl"), (.eventTrigger, "pg_event_trigger"),
            (.extension, "pg_extension"), (.foreignDataWrapper, "pg_foreign_data_wrapper"),
            (.foreignServer, "pg_foreign_server"), (.language, "pg_language"),
            (.largeObject, "pg_largeobject_metadata"),
            (.operator, "pg_operator"), (.operatorClass, "pg_opclass"),
            (.operatorFamily, "pg_opfamily"), (.policy, "pg_policy"),
            (.publication, "pg_publication"), (.publicationRelation, "pg_publication_rel"),
            (.statistics, "pg_statistic_ext"), (.textSearchConfiguration, "pg_ts_config"),
            (.textSearchDictionary, "pg_ts_dict"), (.textSearchParser, "pg_ts_parser"),
            (.textSearchTemplate, "pg_ts_template"), (.transform, "pg_transform"),
        ]
        if server.major >= 15 {
            catalogs.append((.publicationNamespace, "pg_publication_namespace"))
        }
        return catalogs
    }

    private static let schemas = """
        SELECT 2615, oid FROM pg_catalog.pg_namespace \
        WHERE oid >= 16384 AND nspname !~ '^pg_(toast_)?temp_'
        """

    private static let shared = """
        SELECT 1418, umid FROM pg_catalog.pg_user_mappings WHERE umid >= 16384 UNION ALL \
        SELECT 6100, s.oid FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d \
        ON d.oid = s.subdbid AND d.datname = pg_catalog.current_database()
        """

    // TOAST tables come with their tables, composite types are in pg_type, temporary relations go with their
    // sessions.
    private static let relations = """
        SELECT 1259, oid FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind NOT IN ('t', 'c') \
        AND relpersistence <> 't' AND relnamespace <> 99
        """

    // Row types come with their tables, arrays with their elements, multiranges with their ranges.
    private static let types = """
        SELECT 1247, t.oid FROM pg_catalog.pg_type t \
        LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
        LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid \
        WHERE t.oid >= 16384 AND (t.typrelid = 0 OR c.relkind = 'c') AND e.oid IS NULL \
        AND t.typtype <> 'm'
        """

    // Constraint triggers are in pg_trigger. What a partition has of its parent comes with it.
    private static let constraints = """
        SELECT 2606, con.oid FROM pg_catalog.pg_constraint con \
        LEFT JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
        WHERE con.oid >= 16384 AND con.contype <> 't' AND c.relpersistence IS DISTINCT FROM 't' \
        AND NOT (con.contype = 'f' AND con.conparentid <> 0)
        """

    private static let rules = """
        SELECT 2618, r.oid FROM pg_catalog.pg_rewrite r \
        JOIN pg_catalog.pg_class c ON c.oid = r.ev_class \
        WHERE r.oid >= 16384 AND c.relpersistence <> 't'
        """

    private static let triggers = """
        SELECT 2620, t.oid FROM pg_catalog.pg_trigger t \
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE t.oid >= 16384 \
        AND NOT t.tgisinternal AND t.tgparentid = 0 AND c.relpersistence <> 't'
        """

    // The constructors of a range type come with it.
    private static let functions = """
        SELECT 1255, p.oid FROM pg_catalog.pg_proc p WHERE p.oid >= 16384 AND NOT EXISTS \
        (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 1255 AND d.objid = p.oid \
        AND d.deptype = 'i')
        """
}
