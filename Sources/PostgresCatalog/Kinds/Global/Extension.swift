/// Reads extensions. What they hold they create themselves.
///
/// A new database has plpgsql, so it is not created, and dropped where the source dropped it.
///
/// Source: https://www.postgresql.org/docs/current/sql-createextension.html
struct ExtensionReader: ObjectReader {
    /// What drops the extension that every new database has.
    static let droppedLanguage = ObjectID(.extension, 0)

    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT x.oid, x.extname, x.extversion, x.extnamespace, n.nspname,
              pg_catalog.obj_description(x.oid, 'pg_extension') IS NULL
            FROM pg_catalog.pg_extension x
            JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        var hasLanguage = false
        answers[0].forEach { row in
            let id = ObjectID(.extension, row.oid())
            let (name, version) = (row.text(), row.text())
            let (schemaID, schema) = (ObjectID(.namespace, row.oid()), row.text())
            if name == "plpgsql" { hasLanguage = true }
            contents.extensions.append(
                InstalledExtension(name: name, version: version, schema: schema))
            guard id.oid >= ObjectID.firstUserOID else { return }
            let target = SQLQuoting.identifier(name)
            var statements = [
                """
                CREATE EXTENSION IF NOT EXISTS \(target) WITH SCHEMA \
                \(SQLQuoting.identifier(schema)) VERSION \(SQLQuoting.literal(version))
                """
            ]
            // Its creation gives it one.
            if row.flag() { statements.append("COMMENT ON EXTENSION \(target) IS NULL") }
            var object = PlainObject(
                id, .extension, ObjectName(name), target: target, statements: statements)
            object.dependencies = [schemaID]
            contents.objects.append(object)
        }
        guard !hasLanguage else { return }
        contents.objects.append(
            PlainObject(
                Self.droppedLanguage, .extension, ObjectName("plpgsql"), target: nil,
                statements: ["DROP EXTENSION IF EXISTS plpgsql"]))
    }
}
