/// Where a script goes, in pieces of some size.
final class ScriptOutput {
    private static let pieceBytes = 256 * 1024

    private let sink: (ArraySlice<UInt8>) throws(SnapshotError) -> Void
    private var pending: [UInt8] = []
    /// How many bytes were written so far.
    private(set) var bytes: Int64 = 0

    /// - Parameter sink: takes each piece, in their order.
    init(_ sink: @escaping (ArraySlice<UInt8>) throws(SnapshotError) -> Void) {
        self.sink = sink
    }

    /// Writes text.
    func write(_ text: String) throws(SnapshotError) {
        pending.append(contentsOf: text.utf8)
        bytes += Int64(text.utf8.count)
        if pending.count >= Self.pieceBytes { try flush() }
    }

    /// Writes bytes.
    func write(_ piece: ArraySlice<UInt8>) throws(SnapshotError) {
        bytes += Int64(piece.count)
        guard piece.count < Self.pieceBytes else {
            try flush()
            try sink(piece)
            return
        }
        pending.append(contentsOf: piece)
        if pending.count >= Self.pieceBytes { try flush() }
    }

    /// Hands on what is left.
    func flush() throws(SnapshotError) {
        guard !pending.isEmpty else { return }
        try sink(pending[...])
        pending.removeAll(keepingCapacity: true)
    }
}

/// A script that was written.
package struct ExportedScript: Sendable {
    /// Its length.
    package var bytes: Int64
    /// How many tables it has rows of.
    package var tables: Int
    /// How many rows.
    package var rows: Int64
    /// What is not in it, in words.
    package var remarks: [String] = []
}
