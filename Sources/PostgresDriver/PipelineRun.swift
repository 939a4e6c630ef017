internal import Database

/// Steps that are sent without waiting for each other's answers, with one Sync at the end: after a
/// failure the server skips all that follows up to the Sync.
///
/// Answers are read while statements are still being sent, so neither side can fill its buffers and
/// wait for the other. Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
struct PipelineRun {
    /// How much may wait in libpq's own buffer before more is queued.
    private static let queueLimit = 64 * 1024

    private let handle: PQHandle
    private let steps: ArraySlice<Step>
    private var results: [StepResult] = []
    private var failure: BatchFailure?

    /// The step to be sent next.
    private var next: Int
    /// The step whose answer comes next.
    private var current: Int
    /// What the current step answered so far; nil before its first result.
    private var answer: StepResult?
    private var queuedBytes = 0
    private var syncIsQueued = false
    private var isFinished = false

    init(handle: PQHandle, steps: ArraySlice<Step>) {
        self.handle = handle
        self.steps = steps
        next = steps.startIndex
        current = steps.startIndex
    }

    /// Runs the steps and leaves the connection out of pipeline mode, unless it broke.
    mutating func run(onProgress: (Int) -> Void) throws(BatchFailure) -> [StepResult] {
        guard handle.enterPipeline() else { throw lost() }
        while true {
            queue()
            try receive(onProgress)
            if isFinished { break }
            switch handle.flush() {
            case .done:
                queuedBytes = 0
                if syncIsQueued { try wait(writing: false) }
            case .pending: try wait(writing: true)
            case .failed: try wait(writing: false)
            }
        }
        guard handle.exitPipeline() else { throw lost() }
        if let failure { throw failure }
        return results
    }

    private func wait(writing: Bool) throws(BatchFailure) {
        let ready = handle.wait(reading: true, writing: writing)
        guard ready.canRead else { return }
        guard handle.consumeInput() else { throw lost() }
    }

    // MARK: Sending

    /// Queues as much as may wait to be sent, and after the last step, or a failure, the Sync.
    private mutating func queue() {
        while !syncIsQueued, queuedBytes < Self.queueLimit {
            guard failure == nil, next < steps.endIndex else {
                syncIsQueued = handle.sendSync()
                if !syncIsQueued { queuedBytes = Self.queueLimit }
                return
            }
            let step = steps[next]
            guard handle.send(step.sql, step.parameters) else {
                failure = BatchFailure(
                    stepIndex: next,
                    fields: .refused(LibPQText.oneLine(handle.errorMessage), sqlState: "54000"))
                continue
            }
            if mayTakeLong(step) { _ = handle.sendFlushRequest() }
            queuedBytes += step.sql.utf8.count + 64
            next += 1
            if next - 1 == current { prepareToReceive() }
        }
    }

    /// Whether the server should tell the end of this step at once. It would keep its answers until
    /// the Sync, and the progress of a long batch would show only when all is over. It costs some
    /// 10 µs and a packet, no round trip; this program's own steps are short and are spared it.
    private func mayTakeLong(_ step: Step) -> Bool {
        step.isFromFile && next < steps.endIndex - 1
    }

    /// Before the first row of the current step arrives: has its rows come one at a time where not
    /// all are wanted, lest millions be gathered only to be dropped.
    private func prepareToReceive() {
        if steps[current].rowLimit < .max { handle.useSingleRowMode() }
    }

    // MARK: Receiving

    /// Takes in all results that have arrived.
    private mutating func receive(_ onProgress: (Int) -> Void) throws(BatchFailure) {
        var emptyAnswers = 0
        while !isFinished, current < next || syncIsQueued, !handle.isBusy {
            guard let result = handle.nextResult() else {
                // The end of one step's results; or, before any, libpq moving to the next step. A
                // second one in a row would mean that it waits for the server without saying so.
                if answer != nil { finishStep(onProgress) }
                if !handle.isConnected { throw lost() }
                emptyAnswers += 1
                if emptyAnswers > 1 { return }
                continue
            }
            emptyAnswers = 0
            switch result.status {
            case .sync: isFinished = true
            case .aborted: answer = answer ?? StepResult()
            case .command, .rows, .empty:
                var sum = answer ?? StepResult()
                result.add(to: &sum, rowLimit: steps[min(current, steps.endIndex - 1)].rowLimit)
                answer = sum
            case .failed:
                try fail(result.fields)
            case .copyIn, .copyOut, .other:
                // Cannot be: COPY goes alone. The protocol has no way out of it but the end.
                handle.close()
                throw lost()
            }
        }
    }

    private mutating func fail(_ fields: ServerFields) throws(BatchFailure) {
        // A deferred constraint fails at the Sync, after the last step's own answer.
        let index = min(current, steps.endIndex - 1)
        if !handle.isConnected || fields.isFatal {
            throw BatchFailure(
                stepIndex: index, fields: fields.isFatal ? fields : .connectionLost(fields.message))
        }
        if failure == nil || index < failure?.stepIndex ?? 0 {
            failure = BatchFailure(stepIndex: index, fields: fields)
        }
        if current < next { answer = answer ?? StepResult() }
    }

    private mutating func finishStep(_ onProgress: (Int) -> Void) {
        if let answer, failure == nil || current < failure?.stepIndex ?? 0 {
            results.append(answer)
            onProgress(current)
        }
        answer = nil
        current += 1
        if current < next { prepareToReceive() }
    }

    private func lost() -> BatchFailure {
        BatchFailure(
            stepIndex: min(current, steps.endIndex - 1),
            fields: .connectionLost(handle.errorMessage))
    }
}
