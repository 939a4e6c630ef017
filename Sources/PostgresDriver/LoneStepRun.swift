internal import Database

/// One step outside a pipeline: a COPY, or a statement that must be the only one of its message.
struct LoneStepRun {
    /// How much of a COPY's data is handed to libpq at a time.
    private static let pieceSize = 128 * 1024

    private let handle: PQHandle
    private let step: Step
    private let index: Int
    private var answer = StepResult()
    private var failure: ServerFields?
    private var dataIsSent = false

    init(handle: PQHandle, step: Step, index: Int) {
        self.handle = handle
        self.step = step
        self.index = index
    }

    mutating func run() throws(BatchFailure) -> StepResult {
        let isSent =
            step.parameters.isEmpty
            ? handle.sendSimple(step.sql) : handle.send(step.sql, step.parameters)
        guard isSent else {
            if !handle.isConnected { throw lost() }
            throw BatchFailure(
                stepIndex: index,
                fields: .refused(LibPQText.oneLine(handle.errorMessage), sqlState: "54000"))
        }
        if step.rowLimit < .max { handle.useSingleRowMode() }
        while true {
            try awaitResult()
            guard let result = handle.nextResult() else { break }
            try take(result)
        }
        if !handle.isConnected { throw lost() }
        if failure == nil, step.copyData != nil, !dataIsSent {
            failure = .refused(
                "the statement takes no data, though data follows it", sqlState: "42601")
        }
        if let failure { throw BatchFailure(stepIndex: index, fields: failure) }
        return answer
    }

    private mutating func take(_ result: borrowing PQResult) throws(BatchFailure) {
        switch result.status {
        case .command, .rows, .empty: result.add(to: &answer, rowLimit: step.rowLimit)
        case .failed:
            let fields = result.fields
            if fields.isFatal { throw BatchFailure(stepIndex: index, fields: fields) }
            if !handle.isConnected {
                throw BatchFailure(stepIndex: index, fields: .connectionLost(fields.message))
            }
            failure = failure ?? fields
        case .copyIn: try answerCopyIn()
        case .copyOut:
            failure =
                failure
                ?? .refused(
                    "COPY … TO STDOUT has nowhere to go", sqlState: "0A000",
                    hint: "Write to a file of the server, or use psql.")
            try discardCopyOut()
        case .aborted, .sync, .other: break
        }
    }

    private func awaitResult() throws(BatchFailure) {
        while handle.isBusy {
            if !handle.awaitInput() { throw lost() }
        }
    }

    // MARK: COPY

    private mutating func answerCopyIn() throws(BatchFailure) {
        guard let data = step.copyData, !dataIsSent else {
            failure =
                failure
                ?? .refused(
                    "COPY … FROM STDIN has no data", sqlState: "0A000",
                    hint: "Let the lines of data follow the statement, and a line with \\. alone.")
            guard handle.putCopyEnd(failure: "no data") else { throw lost() }
            return
        }
        dataIsSent = true
        var start = 0
        while start < data.count {
            let end = min(start + Self.pieceSize, data.count)
            let isTaken = data[start..<end].withUnsafeBufferPointer { handle.putCopyData($0) }
            guard isTaken else { throw lost() }
            guard handle.sendAll() else { throw lost() }
            start = end
        }
        guard handle.putCopyEnd() else { throw lost() }
    }

    private func discardCopyOut() throws(BatchFailure) {
        while !handle.discardCopyRows() {
            if !handle.awaitInput() { throw lost() }
        }
    }

    private func lost() -> BatchFailure {
        BatchFailure(stepIndex: index, fields: .connectionLost(handle.errorMessage))
    }
}
