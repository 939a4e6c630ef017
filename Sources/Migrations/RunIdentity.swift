internal import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Who runs, from where, and which run it is: what history and log say of it.
package struct RunIdentity: Sendable {
    /// Unique, and sorts by time: `20261124T035500Z-9f3a61c2`.
    package let runID: String
    /// The operating system's user.
    package let user: String
    /// The machine.
    package let host: String
    /// The process.
    package let pid: Int32
    /// The program's version.
    package let toolVersion: String
    /// The environment's name.
    package let environment: String
    /// Why, where a reason was given.
    package let reason: String?
    private let clock: @Sendable () -> String

    /// Creates an identity. `clock` gives RFC 3339 in UTC with milliseconds; it is the system's
    /// clock unless another is given.
    package init(
        user: String, host: String, pid: Int32, toolVersion: String, environment: String,
        reason: String? = nil,
        clock: @escaping @Sendable () -> String = RunIdentity.systemTime
    ) {
        self.user = user
        self.host = host
        self.pid = pid
        self.toolVersion = toolVersion
        self.environment = environment
        self.reason = reason
        self.clock = clock
        let compact = clock().prefix(19).filter { $0 != "-" && $0 != ":" }
        let random = String(UInt32.random(in: 0 ... .max), radix: 16)
        runID = compact + "Z-" + String(repeating: "0", count: 8 - random.count) + random
    }

    /// `user@host`.
    package var appliedBy: String { "\(user)@\(host)" }

    /// The time now, as the log writes it.
    package func now() -> String { clock() }

    /// What a waiter is shown of the holder of the lock: `pid@host user since`. It fits into
    /// PostgreSQL's application name (63 bytes), the host cut where need be.
    package var lockHolder: String {
        let time = clock().prefix(19) + "Z"
        let fixed = "migrate \(pid)@ \(user.prefix(16)) \(time)"
        return
            "migrate \(pid)@\(host.prefix(max(8, 63 - fixed.utf8.count))) \(user.prefix(16)) \(time)"
    }

    /// `pid 4711 on build-7, user deploy, since …` from a `lockHolder`; any other text as it is.
    package static func describe(lockHolder: String) -> String {
        let words = lockHolder.split(separator: " ")
        guard words.count == 4, words[0] == "migrate", let at = words[1].firstIndex(of: "@") else {
            return lockHolder
        }
        let host = words[1][words[1].index(after: at)...]
        return "pid \(words[1][..<at]) on \(host), user \(words[2]), since \(words[3])"
    }

    /// The system's clock: RFC 3339, UTC, milliseconds.
    package static func systemTime() -> String {
        let now = Date.now.timeIntervalSince1970
        var parts = tm()
        var seconds = time_t(now)
        gmtime_r(&seconds, &parts)
        func pad(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return pad(Int(parts.tm_year) + 1900, 4) + "-" + pad(Int(parts.tm_mon) + 1, 2) + "-"
            + pad(Int(parts.tm_mday), 2) + "T" + pad(Int(parts.tm_hour), 2) + ":"
            + pad(Int(parts.tm_min), 2) + ":" + pad(Int(parts.tm_sec), 2) + "."
            + pad(Int((now - Double(seconds)) * 1000), 3) + "Z"
    }
}
