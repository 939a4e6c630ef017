internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// What is restored, read out of the manifest and its catalog and found to fit.
struct RestoreContent: Sendable {
    let document: CatalogDocument
    let model: SchemaModel
    /// The parts with rows that are loaded.
    private(set) var parts: [Part]
    /// The tables' parts by the table's place in the model.
    private(set) var tables: [Int: Part]
    private(set) var largeObjects: Part?
    /// What of it came along or was left out with the tables that were chosen, in words.
    let remarks: [String]
    let serverMajor: Int
    /// Where functions find what they name without a schema.
    let paths: SearchPaths
    private let isSchemaOnly: Bool

    var rows: Int64 { tables.values.reduce(0) { $0 + $1.rows } }

    /// - Throws: `.damaged`, `.unsupported`, `.storage`.
    init(
        _ parts: [Part], _ reader: any ChunkReader, _ serverVersion: String,
        _ options: PostgresRestore.Options
    ) throws(SnapshotError) {
        guard let major = Int(serverVersion.prefix { $0 != "." }) else {
            throw SnapshotError(.damaged, "the snapshot is none of a PostgreSQL database")
        }
        let whole = try CatalogDocument(of: parts, reader)
        var parts = parts
        if let tables = options.tables {
            let plan = try SelectionPlan(tables, of: whole.model, into: whole.newDatabase)
            remarks = plan.brought + plan.leftOut
            document = whole.reduced(to: plan)
            let names = Set(document.tables.map { RestoredTable(schema: $0.schema, name: $0.name) })
            parts.removeAll { $0.kind != .postgresCatalog && !$0.isTable(of: names) }
        } else {
            remarks = []
            document = whole
        }
        model = document.model
        paths = SearchPaths(whole.model)
        serverMajor = major
        isSchemaOnly = options.isSchemaOnly
        guard document.holdsRows, !options.isSchemaOnly else {
            (self.parts, tables, largeObjects) = ([], [:], nil)
            return
        }
        tables = try Self.tables(parts, model)
        largeObjects = parts.first { $0.kind == .postgresLargeObjects }
        self.parts = Array(parts.dropFirst())
    }

    /// The same with the rows of some tables only.
    func selecting(_ names: Set<RestoredTable>) -> RestoreContent {
        var content = self
        content.parts.removeAll { !$0.isTable(of: names) }
        content.tables = tables.filter { names.contains(RestoredTable(model.tables[$0.key])) }
        content.largeObjects = nil
        return content
    }

    /// Whether rows are restored.
    var holdsRows: Bool { document.holdsRows && !isSchemaOnly }

    /// The tables whose rows are in COPY's binary format.
    var binaryTables: Set<QualifiedName> {
        Set(
            tables.filter { $0.value.properties["format"] == .text("binary") }
                .map { QualifiedName(model.tables[$0.key]) })
    }

    /// Tables of the restored database with their columns in the snapshot's order: those of a table
    /// that inherits can come in another one.
    func inTakenOrder(_ tables: [TableContents]) -> [TableContents] {
        var taken: [QualifiedName: TableContents] = [:]
        for table in model.tables { taken[QualifiedName(table)] = table }
        return tables.map { table in
            var table = table
            if let own = taken[QualifiedName(table)],
                Set(own.columns.exact) == Set(table.columns.exact)
            {
                table.columns = own.columns
                table.types = own.types
            }
            return table
        }
    }

    /// Finds the table of each part; every table must have one, with the same columns.
    private static func tables(
        _ parts: [Part], _ model: SchemaModel
    ) throws(SnapshotError) -> [Int: Part] {
        var places: [QualifiedName: Int] = [:]
        for (index, table) in model.tables.enumerated() {
            places[QualifiedName(schema: table.schema, name: table.name)] = index
        }
        var tables: [Int: Part] = [:]
        for part in parts where part.kind == .postgresTable {
            let name = QualifiedName(
                schema: part.properties["schema"]?.text ?? "",
                name: part.properties["table"]?.text ?? "")
            let target = part.properties["loads_through"]?.texts ?? []
            guard let index = places[name], tables[index] == nil,
                model.tables[index].columns.exact == part.properties["columns"]?.texts?.exact,
                (model.tables[index].extensionCondition ?? "").exact
                    == part.properties["condition"]?.text?.exact,
                (model.tables[index].loadsThrough.map { [$0.schema, $0.name] } ?? []).exact
                    == target.exact
            else {
                throw SnapshotError(
                    .damaged, "the table '\(part.name)' is not the one of the catalog")
            }
            tables[index] = part
        }
        guard tables.count == model.tables.count else {
            throw SnapshotError(.damaged, "a table of the catalog has no part")
        }
        return tables
    }
}

extension QualifiedName {
    /// The name of a table.
    init(_ table: TableContents) { self.init(schema: table.schema, name: table.name) }
}

extension Part {
    /// Whether it holds the rows of one of some tables.
    func isTable(of names: Set<RestoredTable>) -> Bool {
        kind == .postgresTable
            && names.contains(
                RestoredTable(
                    schema: properties["schema"]?.text ?? "",
                    name: properties["table"]?.text ?? ""))
    }
}
