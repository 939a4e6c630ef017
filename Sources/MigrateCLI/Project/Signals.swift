internal import Database
internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// SIGINT, SIGTERM and SIGHUP: the first one asks the run to stop, a second one ends the process.
/// Those that the caller ignores (`nohup`, a shell's `&`) stay ignored.
enum Signals {
    /// Blocks the signals in this and every later thread and waits for them on a thread of its
    /// own. Called once, before any other thread is made.
    static func watch(_ cancellation: Cancellation) {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
            sigaddset(&set, number)
        }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let waited = set
        DispatchQueue(label: "migrate.signals").async {
            var set = waited
            var number: Int32 = 0
            sigwait(&set, &number)
            // A request may come just before a statement reaches the server, so it is repeated.
            DispatchQueue(label: "migrate.interrupt").async {
                while true {
                    cancellation.request()
                    poll(nil, 0, 100)
                }
            }
            sigwait(&set, &number)
            _exit(130)
        }
    }
    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        #if canImport(Darwin)
            let handler = action.__sigaction_u.__sa_handler
        #elseif canImport(Musl)
            let handler = action.__sa_handler.sa_handler
        #else
            let handler = action.__sigaction_handler.sa_handler
        #endif
        // A function pointer can only be compared by its address.
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
