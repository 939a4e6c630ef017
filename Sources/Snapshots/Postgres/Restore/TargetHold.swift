/// A session of the target that holds the lock of its runs of migrations, as the swap sees it: it is
/// the last session that may be there.
///
/// Used on the thread that restores.
package struct TargetHold {
    let processID: Int64
    let check: () throws -> Void
    let release: () -> Void

    /// Creates one.
    ///
    /// - Parameters:
    ///   - processID: the server's process that serves the session.
    ///   - check: throws where the lock is no longer held.
    ///   - release: lets the lock go and closes the session; called once, when the target takes no
    ///     connections any more.
    package init(
        processID: Int64, check: @escaping () throws -> Void, release: @escaping () -> Void
    ) {
        self.processID = processID
        self.check = check
        self.release = release
    }
}
