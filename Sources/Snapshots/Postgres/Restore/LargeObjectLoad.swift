internal import Database
internal import SnapshotFormat

/// Writes the contents of large objects, which their entries have created.
struct LargeObjectLoad {
    /// So many pieces of 256 KiB go to the server at a time.
    private static let batch = 16

    let connection: any BulkConnection
    let reader: any ChunkReader

    func load(_ part: Part) throws {
        var steps: [Step] = []
        try reader.readLines(ofLargeObjects: part) { line in
            steps.append(
                Step(
                    "SELECT pg_catalog.lo_put($1::pg_catalog.oid, $2::pg_catalog.int8, $3)",
                    [
                        .text(String(line.number)), .integer(line.offset), .blob(line.bytes),
                    ], rowLimit: 0))
            if steps.count == Self.batch {
                try connection.run(steps)
                steps = []
            }
        }
        try connection.run(steps)
    }
}
