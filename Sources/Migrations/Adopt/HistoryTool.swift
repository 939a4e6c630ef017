/// A migration tool whose history `adopt` can take over.
package enum HistoryTool: String, Sendable, CaseIterable {
    case dbmate
    case golangMigrate = "golang-migrate"
    case goose
    case flyway
    case sqlx
    case diesel
    case prisma
    case sqlMigrate = "sql-migrate"
    case sqitch
    case liquibase
    case rails
    case ecto
    case alembic
    case django
    case atlas
    case refinery
    case nodePgMigrate = "node-pg-migrate"
    case graphileMigrate = "graphile-migrate"
    case fluent

    /// The name as its makers write it.
    package var title: String {
        switch self {
        case .goose, .sqlx, .diesel, .dbmate, .golangMigrate, .refinery, .nodePgMigrate,
            .sqlMigrate:
            rawValue
        case .flyway: "Flyway"
        case .prisma: "Prisma"
        case .sqitch: "Sqitch"
        case .liquibase: "Liquibase"
        case .rails: "Rails"
        case .ecto: "Ecto"
        case .alembic: "Alembic"
        case .django: "Django"
        case .atlas: "Atlas"
        case .graphileMigrate: "Graphile Migrate"
        case .fluent: "Vapor Fluent"
        }
    }

    /// Whether its rows are matched with files, each a migration. Of the others only the newest version
    /// is taken over, as a baseline.
    package var hasReadableFiles: Bool {
        switch self {
        case .dbmate, .golangMigrate, .goose, .flyway, .sqlx, .diesel, .prisma, .sqlMigrate,
            .sqitch:
            true
        case .liquibase, .rails, .ecto, .alembic, .django, .atlas, .refinery, .nodePgMigrate,
            .graphileMigrate, .fluent:
            false
        }
    }

    /// The name of its table unless somebody chose another one; lower case.
    package var tableNames: [String] {
        switch self {
        case .dbmate, .golangMigrate, .rails, .ecto: ["schema_migrations"]
        case .goose: ["goose_db_version"]
        case .flyway: ["flyway_schema_history", "schema_version"]
        case .sqlx: ["_sqlx_migrations"]
        case .diesel: ["__diesel_schema_migrations"]
        case .prisma: ["_prisma_migrations"]
        case .sqlMigrate: ["gorp_migrations"]
        case .sqitch: ["changes"]
        case .liquibase: ["databasechangelog"]
        case .alembic: ["alembic_version"]
        case .django: ["django_migrations"]
        case .atlas: ["atlas_schema_revisions"]
        case .refinery: ["refinery_schema_history"]
        case .nodePgMigrate: ["pgmigrations"]
        case .graphileMigrate: ["migrations"]
        case .fluent: ["_fluent_migrations"]
        }
    }
}

/// A table as the database describes it, as far as recognising a history needs it.
package struct ForeignTable: Sendable, Hashable {
    /// A column.
    package struct Column: Sendable, Hashable {
        /// Its name.
        package var name: String
        /// Its type as the database writes it.
        package var type: String

        /// Creates one.
        package init(_ name: String, _ type: String) {
            self.name = name
            self.type = type
        }
    }

    /// The schema; on SQLite that of the attached file, nil for the database itself.
    package var schema: String?
    /// The table.
    package var name: String
    /// Its columns, in order.
    package var columns: [Column]

    /// Creates one.
    package init(schema: String?, name: String, columns: [Column]) {
        self.schema = schema
        self.name = name
        self.columns = columns
    }

    /// Quoted and qualified.
    var quoted: String {
        (schema.map { quoteIdentifier($0) + "." } ?? "") + quoteIdentifier(name)
    }

    /// As a person writes it.
    package var shown: String { (schema.map { $0 + "." } ?? "") + name }
}

extension HistoryTool {
    /// The tool that a table is the history of, told by its columns alone; nil for any other table, and
    /// for one of ours.
    ///
    /// - Parameters:
    ///   - table: the table.
    ///   - neighbours: the names of the tables in its schema, lower case: what Rails keeps beside its
    ///     history tells it from dbmate's.
    /// - Returns: the tool.
    package static func recognise(
        _ table: ForeignTable, neighbours: Set<String> = []
    ) -> HistoryTool? {
        let names = Set(table.columns.map { $0.name.lowercased() })
        func has(_ wanted: String...) -> Bool { names.isSuperset(of: wanted) }
        func isExactly(_ wanted: String...) -> Bool { names == Set(wanted) }
        if has("version", "content_digest", "statements_done") { return nil }
        if isExactly("version") {
            let type = table.columns.first?.type.lowercased() ?? ""
            guard type.contains("char") || type.contains("text") else { return nil }
            return neighbours.contains("ar_internal_metadata") ? .rails : .dbmate
        }
        if isExactly("version", "dirty") { return .golangMigrate }
        if isExactly("version", "inserted_at") { return .ecto }
        if has("version_id", "is_applied") { return .goose }
        if has("installed_rank", "version", "script", "checksum", "success") { return .flyway }
        if has("version", "description", "installed_on", "success", "checksum") { return .sqlx }
        if isExactly("version", "run_on") { return .diesel }
        if has("migration_name", "checksum", "finished_at", "rolled_back_at") { return .prisma }
        if isExactly("id", "applied_at") { return .sqlMigrate }
        if has("change_id", "script_hash", "change", "project", "committed_at") { return .sqitch }
        if has("orderexecuted", "exectype", "md5sum") { return .liquibase }
        if isExactly("version_num") { return .alembic }
        if isExactly("id", "app", "name", "applied") { return .django }
        if has("version", "applied", "total", "executed_at", "hash") { return .atlas }
        if has("version", "name", "applied_on", "checksum") { return .refinery }
        if isExactly("id", "name", "run_on") { return .nodePgMigrate }
        if has("hash", "previous_hash", "filename", "date") { return .graphileMigrate }
        if has("id", "name", "batch", "created_at", "updated_at") { return .fluent }
        return nil
    }
}
