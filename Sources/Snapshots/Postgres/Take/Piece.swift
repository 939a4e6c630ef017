import Dispatch
internal import SnapshotFormat
import Synchronization

/// Where a stretch of rows belongs.
struct RowsPlace: Sendable, Hashable {
    /// The table, by its place in the model; nil for the large objects.
    let table: Int?
    /// The number of the stream among those of the table.
    let stream: Int
    /// The number of the slice within the stream.
    let position: Int
    /// Whether the rows are in COPY's binary format.
    let isBinary: Bool
}

/// A stretch of one table's rows within a piece.
struct Segment: Sendable {
    let place: RowsPlace
    /// Where it begins in the piece.
    let start: Int
    /// Where it ends.
    var end: Int
    /// Whether it goes on with what the segment before it began.
    let continues: Bool
    /// The sum of its rows, where it was made while they were read; nil for whole lines of text.
    var sum: ContentSum?

    /// Where it lies in the piece.
    var range: Range<Int> { start..<end }
}

/// A segment once it is stored.
struct StoredSegment: Sendable {
    let place: RowsPlace
    let slice: Slice
    let sum: ContentSum
}

/// Content that is hashed, compressed and stored by another thread while the next one is read.
final class Piece: Sendable {
    private let group = DispatchGroup()
    private let outcome = Mutex<Result<[StoredSegment], any Error>>(.success([]))
    private let content: Mutex<[UInt8]>

    init(
        _ content: [UInt8], _ segments: [Segment], _ writer: any ChunkWriter, _ queue: DispatchQueue
    ) {
        self.content = Mutex(content)
        queue.async(group: group) {
            let content = self.content.withLock { $0 }
            let result = Result<[StoredSegment], any Error> {
                try Self.store(content, segments, writer)
            }
            self.outcome.withLock { $0 = result }
        }
    }

    /// The content, once it is stored; the piece has none any more.
    func takeContent() -> [UInt8] {
        content.withLock { content in
            defer { content = [] }
            return content
        }
    }

    /// Waits until it is stored.
    func wait() throws -> [StoredSegment] {
        group.wait()
        return try outcome.withLock { $0 }.get()
    }

    private static func store(
        _ content: [UInt8], _ segments: [Segment], _ writer: any ChunkWriter
    ) throws -> [StoredSegment] {
        let sums = segments.map { segment in
            segment.sum
                ?? content.withUnsafeBytes { bytes in
                    var sum = ContentSum()
                    sum.add(lines: UnsafeRawBufferPointer(rebasing: bytes[segment.range]))
                    return sum
                }
        }
        let chunk = try writer.write(content)
        return zip(segments, sums).map { segment, sum in
            StoredSegment(
                place: segment.place,
                slice: Slice(
                    chunk, offset: Int64(segment.range.lowerBound),
                    length: Int64(segment.range.count), continues: segment.continues),
                sum: sum)
        }
    }
}
