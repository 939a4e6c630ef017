internal import Database
internal import PostgresCatalog
internal import SnapshotFormat
import Synchronization

/// One session that loads rows.
struct LoadSession {
    /// Rows of a shorter table are not frozen as they are loaded: that takes new files, of which the
    /// old ones are then deleted, and costs more than freezing them later.
    private static let freezeBytes: Int64 = 4 * 1024 * 1024

    private let connection: any BulkConnection
    private let reader: any ChunkReader
    private let tables: [TableContents]
    private let parts: [Int: Part]
    private let encoding: String
    private let progress: LoadProgress
    private let ownsTransactions: Bool
    private let paths: SearchPaths
    /// The chunk that was read last: tables that share one are loaded one after the other.
    private var last: (digest: ContentDigest, content: [UInt8])?

    /// `ownsTransactions` is false inside a transaction that has created or emptied every table.
    init(
        _ connection: any BulkConnection, _ reader: any ChunkReader, _ tables: [TableContents],
        _ parts: [Int: Part], encoding: String, _ progress: LoadProgress, paths: SearchPaths,
        ownsTransactions: Bool = true
    ) {
        self.connection = connection
        self.reader = reader
        self.tables = tables
        self.parts = parts
        self.encoding = encoding
        self.progress = progress
        self.ownsTransactions = ownsTransactions
        self.paths = paths
    }

    /// Loads some rows of a table.
    mutating func load(_ item: LoadItem) throws {
        guard let part = parts[item.table] else { return }
        let table = tables[item.table]
        let isBinary = part.properties["format"]?.text == "binary"
        // What an extension has put into its own table stays; a partitioned table has no rows.
        let freezes =
            item.isWhole && table.extensionCondition == nil && table.loadsThrough == nil
            && (part.bytes >= Self.freezeBytes || !ownsTransactions)
        let statement = CopyStatement(table: table, encoding: encoding)
            .load(isBinary: isBinary, freezes: freezes)
        // Each stream is a statement of its own only where it must be: text goes on as text.
        let streams = isBinary ? LoadPlan.streams(item.slices) : [item.slices]
        let load = Load(
            table: item.table, statement: statement, streams: streams,
            begins: freezes && ownsTransactions)
        do {
            do {
                try run(load)
            } catch let error as DatabaseError
                where SearchPaths.isMissingName(error) && ownsTransactions
                && (load.begins || streams.count == 1)
            {
                try runAgain(load)
            }
        } catch let error as DatabaseError where error.code != .cancelled {
            throw SnapshotError(
                .restoreFailed,
                "loading the rows of '\(table.plainName)' failed: \(error.message)",
                hint: error.hint, database: error)
        }
    }

    /// Some rows of one table on their way.
    private struct Load {
        let table: Int
        let statement: String
        let streams: [[Slice]]
        /// Whether it is a transaction of its own, which empties the table first.
        let begins: Bool
    }

    private mutating func run(_ load: Load) throws {
        if load.begins {
            let name = tables[load.table].quotedName
            try connection.run([Step("BEGIN"), Step("TRUNCATE ONLY \(name)")])
        }
        var counts: [Int64] = []
        for stream in load.streams { counts.append(try copy(stream, load.statement)) }
        if load.begins { try connection.query("COMMIT") }
        for rows in counts { try progress.add(rows: rows, of: load.table) }
    }

    /// A generated column or a domain may call a function that needs a search path.
    private mutating func runAgain(_ load: Load) throws {
        if load.begins { try connection.query("ROLLBACK") }
        let table = tables[load.table]
        let path = try paths.path(of: table.entry, connection)
        try connection.run([path.step])
        do {
            try run(load)
        } catch var error as DatabaseError where SearchPaths.isMissingName(error) {
            error.hint = SearchPaths.hint(path)
            throw error
        }
        try connection.run([SearchPaths.reset])
        paths.note("the rows of '\(table.plainName)'", path)
    }

    private mutating func copy(_ slices: [Slice], _ statement: String) throws -> Int64 {
        var rest = slices[...]
        return try connection.copyIn(statement) {
            guard let slice = rest.popFirst() else { return nil }
            let bytes = try content(of: slice)
            progress.advance(Int64(bytes.count))
            return bytes
        }
    }

    private mutating func content(of slice: Slice) throws -> [UInt8] {
        if slice.length == slice.chunk.bytes { return try reader.read(slice.chunk) }
        if last?.digest != slice.chunk.digest {
            last = (slice.chunk.digest, try reader.read(slice.chunk))
        }
        guard let content = last?.content else { return [] }
        return Array(content[Int(slice.offset)..<Int(slice.offset + slice.length)])
    }
}

/// How much was loaded, of all tables and of each. Thread-safe.
final class LoadProgress: Sendable {
    private let state = Mutex<(bytes: Int64, rows: [Int: Int64])>((0, [:]))
    private let expected: [Int: Int64]
    private let totalBytes: Int64
    private let onProgress: @Sendable (TakeProgress) -> Void

    init(
        expected: [Int: Int64], totalBytes: Int64,
        onProgress: @escaping @Sendable (TakeProgress) -> Void
    ) {
        self.expected = expected
        self.totalBytes = totalBytes
        self.onProgress = onProgress
    }

    func advance(_ bytes: Int64) {
        let done = state.withLock { state in
            state.bytes += bytes
            return state.bytes
        }
        onProgress(TakeProgress(bytes: done, totalBytes: max(totalBytes, done)))
    }

    /// Adds rows; a snapshot with more of them than it says is no snapshot of ours.
    func add(rows: Int64, of table: Int) throws {
        let loaded = state.withLock { state in
            state.rows[table, default: 0] += rows
            return state.rows[table, default: 0]
        }
        guard loaded <= expected[table] ?? 0 else {
            throw SnapshotError(.damaged, "a table has more rows than the manifest says")
        }
    }

    /// The rows that were loaded.
    var rows: [Int: Int64] { state.withLock { $0.rows } }
}
