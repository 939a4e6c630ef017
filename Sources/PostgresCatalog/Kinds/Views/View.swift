/// A view.
struct View: CatalogObject, Hashable {
    let id: ObjectID
    /// The row of its query in `pg_rewrite`.
    let rule: ObjectID
    let name: ObjectName
    let owner: String?
    /// Its columns.
    var columns: [Column]
    /// The query, decompiled, without a semicolon.
    let query: String
    /// The options, as WITH takes them.
    let options: String
    /// `LOCAL` or `CASCADED`, for WITH CHECK OPTION.
    let checkOption: String?
    let privileges: ObjectPrivileges?
    /// Whether it is created without its query, which then comes as an object of its own.
    var isHollow = false

    var kind: ObjectKind { .view }
    var aliases: [ObjectID] { isHollow ? [] : [rule] }
    var target: String? { "VIEW \(quotedName)" }
    var parts: [ObjectPart] { ViewColumns.parts(columns, id, quotedName) }

    /// The view's name, quoted.
    var quotedName: String { SQLQuoting.qualified(name.schema ?? "", name.name) }

    func creation() -> [SchemaStatement] {
        let sql = isHollow ? "CREATE VIEW \(quotedName) AS\n\(hollowQuery)" : definition(false)
        return [SchemaStatement(sql)]
            + columns.compactMap { column in
                column.value.map { value in
                    SchemaStatement(
                        "ALTER VIEW \(quotedName) ALTER COLUMN "
                            + "\(SQLQuoting.identifier(column.name)) SET DEFAULT "
                            + value.expression)
                }
            }
    }

    /// CREATE VIEW with the query.
    ///
    /// - Parameter replaces: whether a hollow one is there.
    /// - Returns: the statement.
    func definition(_ replaces: Bool) -> String {
        "CREATE \(replaces ? "OR REPLACE " : "")VIEW \(quotedName)"
            + (options.isEmpty ? "" : " WITH (\(options))") + " AS\n" + query
            + (checkOption.map { "\n  WITH \($0) CHECK OPTION" } ?? "")
    }

    /// Has the columns with their types and collations, and nothing else.
    private var hollowQuery: String {
        if columns.isEmpty { return "SELECT" }
        let items = columns.map { column in
            let collation = column.collation.map { " COLLATE \($0)" } ?? ""
            return "NULL::\(column.type)\(collation) AS \(SQLQuoting.identifier(column.name))"
        }
        return "SELECT\n    " + items.joined(separator: ",\n    ")
    }

    func splitting(_ loop: Set<ObjectID>) -> [any CatalogObject]? {
        var view = self
        var defaults: [any CatalogObject] = []
        for (index, column) in columns.enumerated() {
            guard let value = column.value,
                loop.contains(ObjectID(.attributeDefault, value.oid))
            else { continue }
            view.columns[index].attributes.removeAll { $0 == .value(value) }
            defaults.append(
                ColumnDefault(
                    value: value, column: column.name, tableID: id, tableName: name,
                    keyword: "VIEW"))
        }
        if !defaults.isEmpty { return [view] + defaults }
        guard !isHollow, loop.contains(rule) else { return nil }
        view.isHollow = true
        return [view, ViewQuery(view: self)]
    }
}

/// The query of a view that was created without it, because the query needs something that needs
/// the view.
struct ViewQuery: CatalogObject, Hashable {
    let view: View

    var id: ObjectID { view.rule }
    var kind: ObjectKind { .rule }
    var name: ObjectName {
        ObjectName(schema: view.name.schema, view.name.name, detail: " _RETURN")
    }
    var dependencies: [ObjectID] { [view.id] }

    func creation() -> [SchemaStatement] { [SchemaStatement(view.definition(true))] }
}

/// What views and materialised views have in common.
enum ViewColumns {
    /// The columns as parts with comments.
    static func parts(_ columns: [Column], _ id: ObjectID, _ quotedName: String) -> [ObjectPart] {
        columns.map { column in
            ObjectPart(
                ObjectID(.relation, id.oid, column: column.number),
                "COLUMN \(quotedName).\(SQLQuoting.identifier(column.name))")
        }
    }

    /// A query as `pg_get_viewdef` writes it, without the semicolon at its end.
    static func query(_ definition: String) -> String {
        definition.hasSuffix(";") ? String(definition.dropLast()) : definition
    }
}
