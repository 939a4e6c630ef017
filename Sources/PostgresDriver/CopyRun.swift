internal import Database

/// One COPY between the server and a closure, its data in small pieces.
struct CopyRun {
    /// How much of the data is handed to libpq at a time.
    private static let pieceSize = 64 * 1024

    private let handle: PQHandle
    private let sql: String
    private let cancel: PQInterrupter
    private var answer = StepResult()
    private var failure: ServerFields?
    /// What the closure threw; it goes before what the server says of the statement that ended so.
    private var thrown: (any Error)?
    private var hasCopied = false

    init(handle: PQHandle, sql: String, cancel: PQInterrupter) {
        self.handle = handle
        self.sql = sql
        self.cancel = cancel
    }

    /// Runs a COPY … TO STDOUT.
    ///
    /// - Throws: `BatchFailure`; what `receive` throws.
    mutating func receive(_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Int64 {
        try run { run, status in
            guard status == .copyOut else { return false }
            do {
                while try !run.handle.takeCopyRows(receive) {
                    if !run.handle.awaitInput() { throw run.lost() }
                }
            } catch let error as BatchFailure {
                throw error
            } catch {
                run.thrown = error
                run.cancel.interrupt()
                while !run.handle.discardCopyRows() {
                    if !run.handle.awaitInput() { throw run.lost() }
                }
            }
            return true
        }
    }

    /// Runs a COPY … FROM STDIN.
    ///
    /// - Throws: `BatchFailure`; what `next` throws.
    mutating func send(_ next: () throws -> [UInt8]?) throws -> Int64 {
        try run { run, status in
            guard status == .copyIn else { return false }
            do {
                while let piece = try next() { try run.send(piece) }
            } catch let error as BatchFailure {
                throw error
            } catch {
                run.thrown = error
            }
            let reason = run.thrown == nil ? nil : "the data ended early"
            guard run.handle.putCopyEnd(failure: reason) else { throw run.lost() }
            return true
        }
    }

    private func send(_ piece: [UInt8]) throws(BatchFailure) {
        var start = 0
        while start < piece.count {
            let end = min(start + Self.pieceSize, piece.count)
            let isTaken = piece[start..<end].withUnsafeBufferPointer { handle.putCopyData($0) }
            guard isTaken, handle.sendAll() else { throw lost() }
            start = end
        }
    }

    /// Runs the statement; `copy` moves the data, once, and says no to a COPY of the other kind.
    private mutating func run(
        _ copy: (inout CopyRun, PQResult.Status) throws -> Bool
    ) throws -> Int64 {
        if sql.zeroByteOffset != nil {
            throw refused("the statement holds a zero byte", sqlState: "42601")
        }
        guard handle.sendSimple(sql) else { throw lost() }
        while true {
            while handle.isBusy {
                if !handle.awaitInput() { throw lost() }
            }
            guard let result = handle.nextResult() else { break }
            try take(result, copy)
        }
        if !handle.isConnected { throw lost() }
        if let thrown { throw thrown }
        if let failure { throw BatchFailure(stepIndex: 0, fields: failure) }
        guard hasCopied else { throw refused("the statement is no COPY of this kind") }
        return Int64(answer.affectedRows ?? 0)
    }

    private mutating func take(
        _ result: borrowing PQResult, _ copy: (inout CopyRun, PQResult.Status) throws -> Bool
    ) throws {
        switch result.status {
        case .failed:
            let fields = result.fields
            if fields.isFatal { throw BatchFailure(stepIndex: 0, fields: fields) }
            if !handle.isConnected {
                throw BatchFailure(stepIndex: 0, fields: .connectionLost(fields.message))
            }
            failure = failure ?? fields
        case .copyIn, .copyOut:
            if !hasCopied, try copy(&self, result.status) {
                hasCopied = true
            } else {
                // There is no other way out of a COPY that nobody wants.
                handle.close()
                throw refused("the statement is no COPY of this kind")
            }
        default: result.add(to: &answer, rowLimit: 0)
        }
    }

    private func refused(_ message: String, sqlState: String = "0A000") -> BatchFailure {
        BatchFailure(stepIndex: 0, fields: .refused(message, sqlState: sqlState))
    }

    private func lost() -> BatchFailure {
        BatchFailure(stepIndex: 0, fields: .connectionLost(handle.errorMessage))
    }
}
