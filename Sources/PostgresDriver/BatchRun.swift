internal import Database

/// The failure of a step, before it is made into a `StepFailure`.
struct BatchFailure: Error {
    /// Index in the batch.
    var stepIndex: Int
    /// What the server said.
    var fields: ServerFields
}

/// One batch on its way: stretches of steps that share a pipeline, and steps that go alone.
struct BatchRun {
    private let handle: PQHandle
    private let steps: [Step]

    init(handle: PQHandle, steps: [Step]) {
        self.handle = handle
        self.steps = steps
    }

    mutating func run(onProgress: (Int) -> Void) throws(BatchFailure) -> [StepResult] {
        try refuseZeroBytes()
        var results: [StepResult] = []
        results.reserveCapacity(steps.count)
        var next = 0
        while next < steps.count {
            if goesAlone(steps[next]) {
                var run = LoneStepRun(handle: handle, step: steps[next], index: next)
                results.append(try run.run())
                onProgress(next)
                next += 1
            } else {
                let end = steps[next...].firstIndex(where: goesAlone) ?? steps.endIndex
                var run = PipelineRun(handle: handle, steps: steps[next..<end])
                results += try run.run(onProgress: onProgress)
                next = end
            }
        }
        return results
    }

    /// A COPY between client and server does not work in a pipeline, and no other statement can
    /// begin one.
    private func goesAlone(_ step: Step) -> Bool {
        step.runsAlone || step.copyData != nil || FirstWord.isCopy(step.sql)
    }

    /// libpq takes statements and parameters as C strings: a zero byte would cut them short, and the
    /// rest would be lost without a word.
    private func refuseZeroBytes() throws(BatchFailure) {
        for (index, step) in steps.enumerated() {
            if let offset = step.sql.zeroByteOffset {
                // A place is told in characters, as the server does.
                let before = String(decoding: step.sql.utf8.prefix(offset), as: UTF8.self)
                throw BatchFailure(
                    stepIndex: index,
                    fields: .refused(
                        "the statement holds a zero byte", sqlState: "42601",
                        position: before.unicodeScalars.count + 1))
            }
            for case .text(let text) in step.parameters where text.zeroByteOffset != nil {
                throw BatchFailure(
                    stepIndex: index,
                    fields: .refused(
                        "a parameter holds a zero byte, which PostgreSQL cannot store in a text",
                        sqlState: "22021"))
            }
        }
    }
}

/// The first word of a statement, past white space and comments.
enum FirstWord {
    /// True for a statement that begins with COPY.
    static func isCopy(_ sql: String) -> Bool {
        var text = sql.utf8[...]
        skipBlank(&text)
        let word = text.prefix(4).map { $0 | 0x20 }
        guard word == Array("copy".utf8) else { return false }
        guard let after = text.dropFirst(4).first else { return true }
        return !isPartOfWord(after)
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    private static func skipBlank(_ text: inout Substring.UTF8View) {
        while let byte = text.first {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                text = text.dropFirst()
            } else if text.starts(with: "--".utf8) {
                text = text.drop { $0 != 0x0A && $0 != 0x0D }
            } else if text.starts(with: "/*".utf8) {
                skipNestedComment(&text)
            } else {
                return
            }
        }
    }

    private static func skipNestedComment(_ text: inout Substring.UTF8View) {
        var depth = 0
        while !text.isEmpty {
            if text.starts(with: "/*".utf8) {
                depth += 1
                text = text.dropFirst(2)
            } else if text.starts(with: "*/".utf8) {
                depth -= 1
                text = text.dropFirst(2)
                if depth == 0 { return }
            } else {
                text = text.dropFirst()
            }
        }
    }
}
