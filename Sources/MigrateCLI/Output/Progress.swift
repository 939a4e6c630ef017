internal import Dispatch
internal import Migrations
internal import Synchronization

/// The line at the bottom of a terminal that says what a long run is doing: migration, statement
/// n of m, elapsed. It appears after a second, and leaves nothing behind.
///
/// The run's thread tells what happens; a timer's thread draws.
final class Progress {
    private let state = SharedState()
    private let timer: any DispatchSourceTimer

    init() {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "migrate.progress"))
        timer.schedule(deadline: .now() + 1, repeating: .milliseconds(200))
        timer.setEventHandler { [state] in state.draw() }
        timer.resume()
    }

    deinit { timer.cancel() }

    /// A migration begins.
    func begin(_ label: String, statements: Int) {
        state.mutex.withLock {
            $0.label = label
            $0.done = 0
            $0.total = statements
            $0.bytes = nil
            $0.start = .now
            $0.isActive = true
        }
    }

    /// `done` of its statements are done.
    func statementDone(_ done: Int) { state.mutex.withLock { $0.done = done } }

    /// Work begins that is measured in bytes.
    func begin(_ label: String) {
        begin(label, statements: 0)
        state.mutex.withLock { $0.bytes = (0, 0) }
    }

    /// What other threads tell through.
    var bytes: ByteProgress { ByteProgress(state: state) }

    /// `done` of `total` bytes are done; a total of 0 is not known.
    func bytesDone(_ done: Int64, _ total: Int64) {
        state.mutex.withLock { $0.bytes = (done, total) }
    }

    /// Takes the line away while `body` prints something else; it comes back afterwards.
    func pause(_ body: () -> Void) {
        state.mutex.withLock {
            $0.erase()
            body()
        }
    }

    /// The migration has ended, one way or the other: the line goes.
    func end() {
        state.mutex.withLock {
            $0.isActive = false
            $0.erase()
        }
    }
}

/// The same line for work in bytes that several threads do.
struct ByteProgress: Sendable {
    fileprivate let state: SharedState

    /// Work begins.
    func begin(_ label: String) {
        state.mutex.withLock {
            $0.erase()
            $0.label = label
            $0.bytes = (0, 0)
            $0.start = .now
            $0.isActive = true
        }
    }

    /// `done` of `total` bytes are done.
    func done(_ done: Int64, of total: Int64) {
        state.mutex.withLock { $0.bytes = (done, total) }
    }
}

private struct State {
    var label = ""
    var done = 0
    var total = 0
    /// Where the work is measured in bytes.
    var bytes: (done: Int64, total: Int64)?
    var start = ContinuousClock.now
    var isShown = false
    var isActive = false

    mutating func erase() {
        guard isShown else { return }
        isShown = false
        Terminal.redraw("\r\u{1B}[K")
    }

    /// One line, however narrow the terminal is: a second one would stay behind.
    var line: String {
        let elapsed = (ContinuousClock.now - start).components.seconds
        let statement = min(done + 1, max(total, 1))
        let facts =
            bytes.map { ": " + Self.facts($0.done, $0.total, start) }
            ?? ": statement \(statement) of \(max(total, 1)), \(elapsed) s"
        let space = Terminal.errorWidth - 1 - facts.count
        guard label.count > space else { return label + facts }
        return label.prefix(max(0, space - 1)) + "…" + facts
    }
}

extension State {
    /// `120 MB of 1.0 GB, 210 MB/s, 4 s left`.
    fileprivate static func facts(
        _ done: Int64, _ total: Int64, _ start: ContinuousClock.Instant
    ) -> String {
        let milliseconds = max(1, (ContinuousClock.now - start).wholeMilliseconds)
        guard done > 0 else { return "\(milliseconds / 1000) s" }
        let rate = done * 1000 / milliseconds
        var facts = describe(bytes: done)
        if total > 0 { facts += " of \(describe(bytes: total))" }
        facts += ", \(describe(bytes: rate))/s"
        if total > done, rate > 0 {
            facts += ", \(describe(milliseconds: (total - done) / rate * 1000)) left"
        }
        return facts
    }
}

/// What both threads see.
private final class SharedState: Sendable {
    let mutex = Mutex(State())

    func draw() {
        mutex.withLock { state in
            guard state.isActive, ContinuousClock.now - state.start >= .seconds(1) else { return }
            state.isShown = true
            Terminal.redraw("\r\u{1B}[K" + state.line)
        }
    }
}
