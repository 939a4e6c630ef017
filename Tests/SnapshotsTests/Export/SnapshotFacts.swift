import Foundation
import SnapshotFormat
import Snapshots
import Testing

extension PostgresContent {
    /// What it holds, to be compared with another one: the objects, apart from the database's own
    /// name, and the rows of each table and of the large objects.
    func facts(_ chunks: MemoryChunks) throws -> [String: String] {
        var facts: [String: String] = [:]
        for part in parts {
            if part.kind == .postgresCatalog {
                let data = Data(try chunks.bytes(part))
                var document = try #require(
                    JSONSerialization.jsonObject(with: data) as? [String: Any])
                var database = document["database"] as? [String: Any] ?? [:]
                database["name"] = nil
                document["database"] = database
                facts["catalog"] = String(
                    decoding: try JSONSerialization.data(
                        withJSONObject: document, options: [.sortedKeys]), as: UTF8.self)
            } else {
                // Byte by byte: two names may be the same text for Swift.
                let name = part.name.utf8.map { String($0) }.joined(separator: " ")
                facts[name] = "\(part.rows) \(part.properties["content_hash"]?.text ?? "")"
            }
        }
        return facts
    }
}
