/// Texts laid out as C wants an array of them: each ended by a zero byte, then a null pointer.
struct CStrings {
    private var bytes: [CChar] = []
    private var starts: [Int?] = []

    /// Copies the texts; nil becomes a null pointer.
    init(_ texts: [[UInt8]?]) {
        bytes.reserveCapacity(texts.reduce(0) { $0 + ($1?.count ?? 0) + 1 })
        for text in texts {
            starts.append(text == nil ? nil : bytes.count)
            guard let text else { continue }
            bytes.append(contentsOf: text.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
    }

    init(_ texts: [String]) { self.init(texts.map { Array($0.utf8) }) }

    /// Lends the array; the pointers are valid inside `body` only.
    func withPointers<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress
            return body(starts.map { start in start.flatMap { base?.advanced(by: $0) } } + [nil])
        }
    }
}
