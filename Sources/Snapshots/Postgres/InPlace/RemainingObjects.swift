internal import Database
internal import PostgresCatalog

/// What is still in a database that was emptied, against what is to be restored: schemas and
/// extensions that stay, privileges on what the server brings.
struct RemainingObjects {
    /// The entries that are there as the snapshot has them, by their id in the snapshot.
    private(set) var equal: Set<Int> = []
    /// Those that are there and are to be changed.
    private var different: [SchemaEntry] = []

    /// - Parameters:
    ///   - remaining: what is there.
    ///   - wanted: the snapshot's.
    init(_ remaining: SchemaModel, wanted: SchemaModel) {
        let there = Dictionary(
            remaining.entries.map { (EntryKey($0), $0) }, uniquingKeysWith: { first, _ in first })
        for entry in wanted.entries {
            guard let other = there[EntryKey(entry)] else { continue }
            if other.isEqual(entry) { equal.insert(entry.id) } else { different.append(entry) }
        }
    }

    /// The entries that are to be created, with what is there left out.
    func missing(_ entries: [SchemaEntry]) -> [SchemaEntry] {
        let ids = Set(different.map(\.id))
        return entries.filter { !equal.contains($0.id) }.map { entry in
            guard ids.contains(entry.id) else { return entry }
            var entry = entry
            entry.statements.removeAll { $0.sql.hasPrefix("CREATE SCHEMA ") }
            return entry
        }
    }

    /// Brings schemas that stay to where a new database has them.
    func reset(_ connection: any Connection) throws {
        for entry in different where entry.kind == "SCHEMA" {
            if try Self.isThere(entry.name, connection) {
                try PrivilegesReset(connection: connection).schema(entry.name)
            } else {
                try connection.query("CREATE SCHEMA \(PostgresName.quoted(entry.name))")
            }
        }
    }

    private static func isThere(_ schema: String, _ connection: any Connection) throws -> Bool {
        !(try connection.query(
            "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [.text(schema)]
        ).rows.isEmpty)
    }
}

/// What makes an entry unique in its database.
struct EntryKey: Hashable {
    let kind: String
    let schema: ExactText?
    let name: ExactText

    init(_ entry: SchemaEntry) {
        kind = entry.kind
        schema = entry.schema?.exact
        name = entry.name.exact
    }
}

extension SchemaEntry {
    /// Its name for people, with its schema.
    var plainName: String { schema.map { "\($0).\(name)" } ?? name }

    /// Whether another entry makes the same object.
    func isEqual(_ other: SchemaEntry) -> Bool {
        statements == other.statements && privileges == other.privileges && owner == other.owner
    }
}
