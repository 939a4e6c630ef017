/// A publication, without the tables and schemas that were added to it.
struct Publication: CatalogObject, Hashable {
    let id: ObjectID
    let name: ObjectName
    let owner: String?
    let isForAllTables: Bool
    /// `insert`, `update`, `delete`, `truncate`, as far as they are published.
    let operations: [String]
    let publishesViaRoot: Bool
    /// Whether stored generated columns are published (PostgreSQL 18).
    let publishesGenerated: Bool

    var kind: ObjectKind { .publication }
    var target: String? { "PUBLICATION \(SQLQuoting.identifier(name.name))" }

    func creation() -> [SchemaStatement] {
        var sql = "CREATE PUBLICATION \(SQLQuoting.identifier(name.name))"
        if isForAllTables { sql += " FOR ALL TABLES" }
        sql += " WITH (publish = '\(operations.joined(separator: ", "))'"
        if publishesViaRoot { sql += ", publish_via_partition_root = true" }
        if publishesGenerated { sql += ", publish_generated_columns = stored" }
        return [SchemaStatement(sql + ")")]
    }
}

/// A table of a publication.
struct PublicationTable: CatalogObject, Hashable {
    let id: ObjectID
    let publication: ObjectID
    let publicationName: String
    let table: ObjectID
    let tableName: ObjectName
    /// The columns that are published; nil for all.
    let columns: [String]?
    /// Which rows are published; nil for all.
    let condition: String?

    var kind: ObjectKind { .publicationTable }
    var name: ObjectName {
        ObjectName(
            schema: tableName.schema, publicationName, detail: " " + tableName.name)
    }
    var dependencies: [ObjectID] { [publication, table] }

    func creation() -> [SchemaStatement] {
        var sql =
            "ALTER PUBLICATION \(SQLQuoting.identifier(publicationName)) ADD TABLE ONLY "
            + SQLQuoting.qualified(tableName.schema ?? "", tableName.name)
        if let columns {
            sql += " (\(columns.map(SQLQuoting.identifier).joined(separator: ", ")))"
        }
        if let condition { sql += " WHERE (\(condition))" }
        return [SchemaStatement(sql)]
    }
}

/// A schema whose tables a publication publishes.
struct PublicationSchema: CatalogObject, Hashable {
    let id: ObjectID
    let publication: ObjectID
    let publicationName: String
    let schema: ObjectID
    let schemaName: String

    var kind: ObjectKind { .publicationSchema }
    var name: ObjectName { ObjectName(publicationName, detail: " " + schemaName) }
    var dependencies: [ObjectID] { [publication, schema] }

    func creation() -> [SchemaStatement] {
        [
            SchemaStatement(
                "ALTER PUBLICATION \(SQLQuoting.identifier(publicationName)) "
                    + "ADD TABLES IN SCHEMA \(SQLQuoting.identifier(schemaName))")
        ]
    }
}

/// Reads publications with their tables and schemas.
struct PublicationReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let columns = server.since(
            15,
            """
            CASE WHEN pr.prattrs IS NOT NULL THEN ARRAY(SELECT a.attname \
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = pr.prrelid \
            AND a.attnum = ANY (pr.prattrs) ORDER BY a.attnum) END
            """)
        let condition = server.since(15, "pg_catalog.pg_get_expr(pr.prqual, pr.prrelid)")
        return [
            """
            SELECT p.oid, p.pubname, \(server.roleName("p.pubowner")), p.puballtables, \
            p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, \
            \(server.since(18, "p.pubgencols = 's'", else: "false")) \
            FROM pg_catalog.pg_publication p WHERE \(server.isNoMember(.publication, "p.oid"))
            """,
            """
            SELECT pr.oid, pr.prpubid, p.pubname, c.oid, n.nspname, c.relname, \
            \(columns), \(condition) FROM pg_catalog.pg_publication_rel pr \
            JOIN pg_catalog.pg_publication p ON p.oid = pr.prpubid \
            JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            """,
        ] + (server.major < 15 ? [] : [Self.schemas])
    }

    private static let schemas = """
        SELECT pn.oid, pn.pnpubid, p.pubname, n.oid, n.nspname \
        FROM pg_catalog.pg_publication_namespace pn \
        JOIN pg_catalog.pg_publication p ON p.oid = pn.pnpubid \
        JOIN pg_catalog.pg_namespace n ON n.oid = pn.pnnspid
        """

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        contents.objects += answers[0].map { Self.publication(&$0) }
        contents.objects += answers[1].map { row in
            PublicationTable(
                id: ObjectID(.publicationRelation, row.oid()),
                publication: ObjectID(.publication, row.oid()), publicationName: row.text(),
                table: ObjectID(.relation, row.oid()),
                tableName: ObjectName(schema: row.text(), row.text()),
                columns: row.optionalArray()?.compactMap { $0 }, condition: row.optionalText())
        }
        guard answers.count > 2 else { return }
        contents.objects += answers[2].map { row in
            PublicationSchema(
                id: ObjectID(.publicationNamespace, row.oid()),
                publication: ObjectID(.publication, row.oid()), publicationName: row.text(),
                schema: ObjectID(.namespace, row.oid()), schemaName: row.text())
        }
    }

    private static func publication(_ row: inout RowCursor) -> Publication {
        let id = ObjectID(.publication, row.oid())
        let (name, owner, isForAllTables) = (row.text(), row.text(), row.flag())
        let operations = ["insert", "update", "delete", "truncate"].filter { _ in row.flag() }
        return Publication(
            id: id, name: ObjectName(name), owner: owner, isForAllTables: isForAllTables,
            operations: operations, publishesViaRoot: row.flag(), publishesGenerated: row.flag())
    }
}
