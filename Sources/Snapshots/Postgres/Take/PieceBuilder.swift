import Dispatch
internal import SnapshotFormat

/// Gathers rows into pieces of about a chunk's length, of which one is being stored while the next
/// one fills: two pieces are all that a session ever keeps in memory.
struct PieceBuilder {
    /// A row that is longer goes into pieces of its own.
    private static let longRow = 8 * 1024 * 1024

    private let writer: any ChunkWriter
    private let queue: DispatchQueue
    private var content: [UInt8] = []
    private var segments: [Segment] = []
    private var pending: Piece?
    /// The empty buffer of the piece that was stored last.
    private var spare: [UInt8]?
    private var stored: [StoredSegment] = []

    /// What is being read.
    private var table: Int?
    private var stream = 0
    private var position = 0
    private var isBinary = false
    /// Bytes that were taken, for the progress.
    private(set) var bytes: Int64 = 0

    init(_ writer: any ChunkWriter, queue: DispatchQueue) {
        self.writer = writer
        self.queue = queue
    }

    /// Begins the rows of a table, or a stream of them.
    mutating func begin(table: Int?, stream: Int = 0, isBinary: Bool = false) {
        self.table = table
        self.stream = stream
        self.isBinary = isBinary
        position = 0
        newSegment(continues: false)
    }

    /// Takes one line with its line end.
    mutating func add(line: UnsafeRawBufferPointer) throws {
        guard line.count <= Self.longRow else { return try add(longLine: line) }
        if content.count + line.count > Chunk.targetBytes {
            try flush()
            newSegment(continues: false)
        }
        append(line)
    }

    /// Takes a message of binary data; `sum` is that of the rows in it.
    mutating func add(binary message: UnsafeRawBufferPointer, sum: ContentSum) throws {
        try addCut(message)
        segments[segments.count - 1].sum?.add(sum)
    }

    /// Stores what is left and answers all that was stored.
    mutating func finish() throws -> [StoredSegment] {
        try flush()
        try settle()
        defer { stored = [] }
        return stored
    }

    // MARK: - Cutting

    /// A row of more than a chunk is cut within; its sum is made here, where it is whole.
    private mutating func add(longLine line: UnsafeRawBufferPointer) throws {
        try flush()
        newSegment(continues: false, sum: ContentSum())
        var sum = ContentSum()
        sum.add(row: UnsafeRawBufferPointer(rebasing: line.dropLast()))
        try addCut(line)
        segments[segments.count - 1].sum?.add(sum)
        try flush()
        newSegment(continues: false)
    }

    private mutating func addCut(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            if content.count >= Chunk.targetBytes {
                try flush()
                newSegment(continues: true, sum: ContentSum())
            }
            let part = rest.prefix(Chunk.targetBytes - content.count)
            append(UnsafeRawBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        content.append(contentsOf: bytes)
        self.bytes += Int64(bytes.count)
        segments[segments.count - 1].end = content.count
    }

    private mutating func newSegment(continues: Bool, sum: ContentSum? = nil) {
        if let last = segments.last, last.range.isEmpty { segments.removeLast() }
        let place = RowsPlace(
            table: table, stream: stream, position: position, isBinary: isBinary)
        position += 1
        segments.append(
            Segment(
                place: place, start: content.count, end: content.count, continues: continues,
                sum: sum ?? (isBinary ? ContentSum() : nil)))
    }

    /// Hands over what was gathered to be stored, once the piece before it is.
    mutating func flush() throws {
        segments.removeAll { $0.range.isEmpty }
        guard !content.isEmpty else { return }
        try settle()
        let next = spare ?? []
        spare = nil
        pending = Piece(content, segments, writer, queue)
        content = next
        segments.removeAll(keepingCapacity: true)
    }

    private mutating func settle() throws {
        guard let pending else { return }
        self.pending = nil
        stored += try pending.wait()
        // Its memory is used again: new pages cost the kernel as much as the copying.
        var buffer = pending.takeContent()
        buffer.removeAll(keepingCapacity: true)
        spare = buffer
    }
}
