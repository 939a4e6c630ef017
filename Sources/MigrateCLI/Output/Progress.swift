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

    func begin(_ label: String, statements: Int) {
        state.mutex.withLock {
            $0.label = label
            $0.done = 0
            $0.total = statements
            $0.start = .now
            $0.isActive = true
        }
    }

    func statementDone(_ done: Int) { state.mutex.withLock { $0.done = done } }

    /// Takes the line away, so that something else can be printed.
    func clear() {
        state.mutex.withLock {
            $0.isActive = false
            $0.erase()
        }
    }
}

private struct State {
    var label = ""
    var done = 0
    var total = 0
    var start = ContinuousClock.now
    var isShown = false
    var isActive = false

    mutating func erase() {
        guard isShown else { return }
        isShown = false
        Terminal.redraw("\r\u{1B}[K")
    }
}

/// What both threads see.
private final class SharedState: Sendable {
    let mutex = Mutex(State())

    func draw() {
        mutex.withLock { state in
            guard state.isActive else { return }
            let elapsed = ContinuousClock.now - state.start
            guard elapsed >= .seconds(1) else { return }
            state.isShown = true
            let statement = min(state.done + 1, max(state.total, 1))
            Terminal.redraw(
                "\r\u{1B}[K\(state.label): statement \(statement) of \(state.total), "
                    + "\(elapsed.components.seconds) s")
        }
    }
}
