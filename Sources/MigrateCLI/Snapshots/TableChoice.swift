internal import Migrations
internal import SnapshotFormat
internal import Snapshots

/// The tables that `--only` names.
struct TableChoice {
    private let names: [String]

    init(_ names: [String]) { self.names = names }

    /// Finds them in a snapshot of a PostgreSQL database.
    func tables(
        of manifest: Manifest, _ chunks: any ChunkReader
    ) throws -> Set<RestoredTable> {
        let all = try SnapshotTables(manifest.parts, chunks)
        return Set(try names.map { try find($0, all) })
    }

    /// Finds them in a snapshot of an SQLite database, whose tables are `all`.
    func tables(of all: [String]) throws(Failure) -> [String] {
        var found: [String] = []
        for name in names {
            guard let identifiers = SnapshotTables.identifiers(name), let last = identifiers.last,
                identifiers.count == 1 || identifiers == ["main", last]
            else {
                throw Failure(
                    .usage, "unknown_table", "'\(name.asOneLine)' is not the name of a table",
                    hint: #"Write it as in SQL: orders, "Order items"."#)
            }
            guard let table = all.first(where: { $0.lowercased() == last.lowercased() }) else {
                let written = all.map(RestoredTable.written)
                throw Self.unknown(name, zip(all, written).map { ($0, $1) }, written)
            }
            if !found.contains(table) { found.append(table) }
        }
        return found
    }

    private func find(_ name: String, _ all: SnapshotTables) throws(Failure) -> RestoredTable {
        switch all.find(name) {
        case .one(let table): return table
        case .several(let tables):
            throw Failure(
                .usage, "ambiguous_table",
                "'\(name.asOneLine)' is a table of several schemas",
                hint: "Name one of \(tables.map(\.text).joined(separator: ", ")).")
        case .malformed:
            throw Failure(
                .usage, "unknown_table", "'\(name.asOneLine)' is not the name of a table",
                hint: #"Write it as in SQL: orders, shop.orders, "Order items"."#)
        case .none:
            throw Self.unknown(
                name, all.tables.map { ($0.name, $0.text) } + all.tables.map { ($0.text, $0.text) },
                all.tables.map(\.text))
        }
    }

    /// The failure of a name that no table has; `candidates` are what could have been meant, and how
    /// it is written.
    static func unknown(
        _ name: String, _ candidates: [(name: String, written: String)], _ all: [String]
    ) -> Failure {
        let nearest = candidates.map(\.name).nearest(to: name)
        let written = candidates.first { $0.name == nearest }?.written
        let some = all.prefix(8).joined(separator: ", ") + (all.count > 8 ? ", …" : "")
        return Failure(
            .usage, "unknown_table", "the snapshot has no table '\(name.asOneLine)'",
            hint: written.map { "Did you mean \($0)?" }
                ?? (all.isEmpty ? "It has none." : "It has \(some)."))
    }
}
