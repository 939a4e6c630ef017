internal import Database
internal import PostgresCatalog

/// A piece of work that one session does in one go.
struct CopyUnit: Sendable {
    /// What is read.
    enum Content: Sendable {
        /// Whole tables, by their place in the model, whose rows share chunks.
        case tables([Int])
        /// The pages of one table from one number to before another, as the stream of this number.
        case pages(table: Int, Range<Int64>, stream: Int)
        /// A whole table in COPY's binary format.
        case binary(table: Int)
        /// All large objects.
        case largeObjects
    }

    let content: Content
    /// Length of what is read, for the order and for the progress.
    let bytes: Int64

    /// The table, where it is one.
    var table: Int? {
        switch content {
        case .tables(let tables): tables.count == 1 ? tables[0] : nil
        case .pages(let table, _, _), .binary(let table): table
        case .largeObjects: nil
        }
    }
}

/// How the rows of a database are cut into units.
///
/// The cuts depend on nothing but names and sizes, so that a later snapshot makes the same ones, and
/// what has not changed gives the same chunks.
enum CopyPlan {
    /// A table of more bytes is read in ranges of pages of about this length. Its text is about as
    /// long as its pages, so it is the length of a chunk: what is stored anew where one page changed.
    static let rangeBytes: Int64 = 3 * 1024 * 1024
    /// Of a database of more bytes than this ranges are four times as long, for the sake of the number
    /// of files.
    static let manyBytes: Int64 = 8 * 1024 * 1024 * 1024
    /// Tables up to this length share chunks.
    static let sharedBytes: Int64 = 1024 * 1024

    /// The units, the largest first.
    ///
    /// A table without a page has no row that the snapshot could see, for it cannot shrink under the
    /// lock; it needs no unit.
    static func units(
        _ tables: [TableContents], _ storage: [UInt32: RelationStorage], hasLargeObjects: Bool
    ) -> [CopyUnit] {
        var units: [CopyUnit] = []
        var small: [(index: Int, bytes: Int64)] = []
        let total = tables.reduce(0) { $0 + (storage[$1.oid]?.bytes ?? 0) }
        let rangeBytes = total > manyBytes ? 4 * rangeBytes : rangeBytes
        for (index, table) in tables.enumerated() {
            guard let size = storage[table.oid] else { continue }
            if size.hasPages, size.pages == 0 { continue }
            let canBeCut =
                size.hasPages && table.extensionCondition == nil && !table.columns.isEmpty
            if size.hasPages, size.bytes <= sharedBytes {
                small.append((index, size.bytes))
            } else if canBeCut, size.bytes > rangeBytes {
                units += ranges(index, size, rangeBytes)
            } else {
                units.append(CopyUnit(content: .tables([index]), bytes: size.bytes))
            }
        }
        units += groups(small, tables, rangeBytes)
        // Their length is not known without reading them.
        if hasLargeObjects { units.append(CopyUnit(content: .largeObjects, bytes: rangeBytes)) }
        return units.sorted { $0.bytes > $1.bytes }
    }

    /// Ranges of a power of two of pages (times three), so that they stay the same while the share
    /// of values out of line changes little.
    private static func ranges(
        _ table: Int, _ size: RelationStorage, _ rangeBytes: Int64
    ) -> [CopyUnit] {
        var length = rangeBytes / 8192
        let bytesOfPage = max(size.bytes / max(size.pages, 1), 1)
        while length > 3, length * bytesOfPage > rangeBytes * 3 / 2 { length /= 2 }
        return stride(from: 0, to: size.pages, by: Int(length)).enumerated().map { stream, start in
            let end = min(start + length, size.pages)
            return CopyUnit(
                content: .pages(table: table, start..<end, stream: stream),
                bytes: bytesOfPage * (end - start))
        }
    }

    /// Groups of tables in the order of their names. A name decides whether a group begins with it,
    /// so that a table that comes or goes moves no more than its own group.
    private static func groups(
        _ small: [(index: Int, bytes: Int64)], _ tables: [TableContents], _ rangeBytes: Int64
    ) -> [CopyUnit] {
        let ordered = small.sorted {
            let (left, right) = (tables[$0.index], tables[$1.index])
            return (left.schema.exact, left.name.exact) < (right.schema.exact, right.name.exact)
        }
        var units: [CopyUnit] = []
        var group: [Int] = []
        var bytes: Int64 = 0
        for item in ordered {
            let table = tables[item.index]
            let isBoundary = hash(table.schema + "." + table.name) % 64 == 0
            if !group.isEmpty, isBoundary || bytes + item.bytes > rangeBytes {
                units.append(CopyUnit(content: .tables(group), bytes: bytes))
                (group, bytes) = ([], 0)
            }
            group.append(item.index)
            bytes += item.bytes
        }
        if !group.isEmpty { units.append(CopyUnit(content: .tables(group), bytes: bytes)) }
        return units
    }

    /// FNV-1a, the same in every process.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
