internal import Database
internal import Dispatch
internal import SnapshotFormat
internal import Synchronization

/// A file cut into chunks, which are put into a repository a few at a time.
struct FilePieces {
    private let path: String
    private let bytes: Int64
    private let cancellation: Cancellation
    private let onProgress: (Int64, Int64) -> Void

    init(
        _ path: String, bytes: Int64, _ cancellation: Cancellation,
        _ onProgress: @escaping (Int64, Int64) -> Void
    ) {
        self.path = path
        self.bytes = bytes
        self.cancellation = cancellation
        self.onProgress = onProgress
    }

    /// The length of a chunk, a multiple of every page size: what is stored anew where one page
    /// changed.
    private static let chunkBytes = 4 * 1024 * 1024
    /// So many chunks are in memory at a time, each with its stored form.
    private static let width = 8

    /// Puts all of it.
    ///
    /// - Throws: `.storage`, `.interrupted`; `.damaged` where the file has another length.
    func put(into writer: any ChunkWriter) throws(SnapshotError) -> ([Chunk], ContentDigest) {
        let file = try SequentialFile(reading: path)
        var hasher = ContentHasher()
        var chunks: [Chunk] = []
        var done: Int64 = 0
        while done < bytes {
            guard !cancellation.isRequested else {
                throw SnapshotError(.interrupted, "interrupted")
            }
            var pieces: [[UInt8]] = []
            while pieces.count < Self.width {
                let piece = try file.read(Self.chunkBytes)
                guard !piece.isEmpty else { break }
                hasher.update(piece)
                done += Int64(piece.count)
                pieces.append(piece)
            }
            guard !pieces.isEmpty else { break }
            chunks += try Self.put(pieces, writer)
            onProgress(done, bytes)
        }
        guard done == bytes else {
            throw SnapshotError(.storage, "the copy has \(done) bytes in the place of \(bytes)")
        }
        return (chunks, hasher.finish())
    }

    private static func put(
        _ pieces: [[UInt8]], _ writer: any ChunkWriter
    ) throws(SnapshotError) -> [Chunk] {
        let results = Mutex<[Int: Result<Chunk, SnapshotError>]>([:])
        DispatchQueue.concurrentPerform(iterations: pieces.count) { index in
            let result: Result<Chunk, SnapshotError>
            do throws(SnapshotError) {
                result = .success(try writer.write(pieces[index]))
            } catch {
                result = .failure(error)
            }
            results.withLock { $0[index] = result }
        }
        var chunks: [Chunk] = []
        for index in pieces.indices {
            guard let result = results.withLock({ $0[index] }) else { continue }
            chunks.append(try result.get())
        }
        return chunks
    }
}
