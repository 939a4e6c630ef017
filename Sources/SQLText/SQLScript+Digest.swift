extension SQLScript {
    /// Calls `body` with each piece of a text that means something, in order, for a digest that
    /// comments and white space between tokens do not change.
    ///
    /// The pieces are every token, the terminating `;` included, and the data of each
    /// `COPY … FROM stdin` as one piece. Nothing separates them: a caller who wants `ab` to differ
    /// from `a b` puts something between the pieces that no piece holds, such as a byte 0. A text
    /// that cannot be lexed to its end gives its rest as one last piece, so every text has a digest.
    ///
    /// - Parameters:
    ///   - bytes: the text, with or without a byte-order mark.
    ///   - dialect: the rules to lex it by.
    ///   - body: gets the bytes of one piece, which are valid only during the call.
    /// - Throws: what `body` throws, and nothing else.
    package static func forEachToken<Failure: Error>(
        in bytes: [UInt8], dialect: SQLDialect,
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try bytes.withUnsafeBufferPointer { source throws(Failure) in
            var splitter = StatementSplitter(
                source, dialect, from: SourceText.markLength(of: bytes))
            var readTo = splitter.position
            while true {
                let piece: Range<Int>
                var isLast = false
                do {
                    guard let event = try splitter.next() else { return }
                    switch event {
                    case .token(let lexeme): piece = lexeme.range
                    case .terminator(let offset): piece = offset..<offset + 1
                    case .copyData(let data): piece = data
                    case .lineComment(let comment): piece = comment.upperBound..<comment.upperBound
                    }
                } catch {
                    piece = readTo..<source.count
                    isLast = true
                }
                if !piece.isEmpty { try body(UnsafeBufferPointer(rebasing: source[piece])) }
                guard !isLast else { return }
                readTo = splitter.position
            }
        }
    }
}
