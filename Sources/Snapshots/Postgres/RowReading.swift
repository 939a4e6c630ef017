internal import Database
import Dispatch
internal import PostgresCatalog
internal import SnapshotFormat

/// Reads the rows of a moment, with several sessions: to store them, and, after a restore, to
/// compare them.
struct RowReading: Sendable {
    /// Opens a session that is set for reading.
    let connect: @Sendable () throws -> any BulkConnection
    let writer: any ChunkWriter
    let jobs: Int
    let cancellation: Cancellation
    let onProgress: @Sendable (TakeProgress) -> Void

    /// The parts of all tables, in their order, and of the large objects, if there are any; `leader`
    /// is the session that holds the locks and the snapshot.
    func parts(
        _ facts: MomentFacts, _ storage: [UInt32: RelationStorage], hasLargeObjects: Bool,
        leader: any BulkConnection
    ) throws -> [Part] {
        let units = CopyPlan.units(facts.tables, storage, hasLargeObjects: hasLargeObjects)
        let work = CopyWork(units, onProgress: onProgress)
        for (index, table) in facts.tables.enumerated()
        where facts.binary.contains(QualifiedName(schema: table.schema, name: table.name)) {
            work.readInBinary(index, bytes: storage[table.oid]?.bytes ?? 0)
        }
        try cancellation.interruptible(work.interrupters) {
            if cancellation.isRequested { throw SnapshotError(.interrupted, "interrupted") }
            read(work, facts, leader, sessions: min(jobs, units.count))
        }
        let (segments, binary) = try work.result()
        return parts(facts.tables, segments, binary, hasLargeObjects)
    }

    private func read(
        _ work: CopyWork, _ facts: MomentFacts, _ leader: any BulkConnection, sessions: Int
    ) {
        let workers = DispatchGroup()
        for _ in 1..<max(sessions, 1) {
            DispatchQueue(label: "snapshot.read").async(group: workers) {
                do {
                    let connection = try connect()
                    defer { connection.close() }
                    work.interrupters.add(connection.interrupter)
                    var session = CopySession(connection, isLeader: false, facts, work, writer)
                    try session.run()
                } catch {
                    work.fail(error)
                }
            }
        }
        work.interrupters.add(leader.interrupter)
        do {
            var session = CopySession(leader, isLeader: true, facts, work, writer)
            try session.run()
            workers.wait()
            // What the workers left for it meanwhile.
            try session.run()
        } catch {
            work.fail(error)
            workers.wait()
        }
    }

    private func parts(
        _ tables: [TableContents], _ segments: [StoredSegment], _ binary: Set<Int>,
        _ hasLargeObjects: Bool
    ) -> [Part] {
        var ofTable: [Int?: [StoredSegment]] = [:]
        for segment in segments {
            // What was read as text of a table that then had to be read in binary is of no use.
            let isBinary = segment.place.table.map(binary.contains) ?? false
            guard segment.place.isBinary == isBinary else { continue }
            ofTable[segment.place.table, default: []].append(segment)
        }
        func sorted(_ table: Int?) -> [StoredSegment] {
            (ofTable[table] ?? []).sorted {
                ($0.place.stream, $0.place.position) < ($1.place.stream, $1.place.position)
            }
        }
        let parts = tables.enumerated().map { index, table in
            Part(table, sorted(index), isBinary: binary.contains(index))
        }
        return hasLargeObjects ? parts + [Part(largeObjects: sorted(nil))] : parts
    }
}
