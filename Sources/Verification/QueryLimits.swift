/// How long the queries of a verification may take.
package struct QueryLimits: Sendable, Hashable {
    /// How long one waits for a lock on a table; nil leaves it to the server.
    package var lockTimeout: Duration?
    /// How long one runs; nil leaves it to the server.
    package var statementTimeout: Duration?

    /// Creates limits.
    package init(lockTimeout: Duration? = nil, statementTimeout: Duration? = nil) {
        self.lockTimeout = lockTimeout
        self.statementTimeout = statementTimeout
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
