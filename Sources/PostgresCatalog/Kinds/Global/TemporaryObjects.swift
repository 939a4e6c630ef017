/// Reads what is in the schemas of temporary objects and is no relation: it goes with its session,
/// and is left out.
struct TemporaryObjectsReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let catalogs: [(SystemCatalog, String, String)] = [
            (.function, "pg_proc", "pronamespace"), (.operator, "pg_operator", "oprnamespace"),
            (.collation, "pg_collation", "collnamespace"),
            (.conversion, "pg_conversion", "connamespace"),
            (.operatorClass, "pg_opclass", "opcnamespace"),
            (.operatorFamily, "pg_opfamily", "opfnamespace"),
            (.textSearchParser, "pg_ts_parser", "prsnamespace"),
            (.textSearchTemplate, "pg_ts_template", "tmplnamespace"),
            (.textSearchDictionary, "pg_ts_dict", "dictnamespace"),
            (.textSearchConfiguration, "pg_ts_config", "cfgnamespace"),
        ]
        let isTemporary = "n.nspname ~ '^pg_temp_'"
        let selects = catalogs.map { catalog, table, schema in
            """
            SELECT \(catalog.rawValue)::pg_catalog.oid, o.oid, true FROM pg_catalog.\(table) o \
            JOIN pg_catalog.pg_namespace n ON n.oid = o.\(schema) WHERE \(isTemporary)
            """
        }
        let types = """
            SELECT 1247, o.oid, o.typelem = 0 AND c.oid IS NULL FROM pg_catalog.pg_type o \
            JOIN pg_catalog.pg_namespace n ON n.oid = o.typnamespace \
            LEFT JOIN pg_catalog.pg_class c ON c.oid = o.typrelid AND c.relkind <> 'c' \
            WHERE \(isTemporary)
            """
        let constraints = """
            SELECT 2606, k.oid, false FROM pg_catalog.pg_constraint k \
            JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
            WHERE k.contypid <> 0 AND \(isTemporary)
            """
        return [
            """
            SELECT x.class, x.oid, CASE WHEN x.is_own
              THEN pg_catalog.pg_describe_object(x.class, x.oid, 0) END
            FROM (\((selects + [types, constraints]).joined(separator: " UNION ALL ")))
              x (class, oid, is_own)
            ORDER BY 3
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(SystemCatalog(rawValue: row.oid()), row.oid())
            if let description = row.optionalText() {
                contents.exclude(id, "The temporary \(description).")
            } else {
                contents.excluded.insert(id)
            }
        }
    }
}
