package import Database

/// A connection to one PostgreSQL database, on libpq. Used by one thread at a time.
package final class PostgresConnection: BulkConnection {
    /// PostgreSQL.
    package let dialect = Dialect.postgres
    /// The server's version, `15.18`.
    package let serverVersion: String
    /// The same as a number, 150018.
    package let serverVersionNumber: Int
    /// The server process of this connection: `pid` in pg_stat_activity and pg_locks.
    package let backendPID: Int32
    /// The same, as the protocol wants it.
    package var announcedProcessID: Int64? { Int64(backendPID) }
    /// Kept and not enforced: the server has no such means.
    package var protectedTables: Set<String> = []
    /// The host or the socket's folder that answered.
    package let host: String
    /// The port that answered.
    package let port: Int
    /// The database.
    package let database: String
    /// The role that logged in.
    package let user: String
    /// `TLSv1.3 (TLS_AES_256_GCM_SHA384)`, `GSSAPI`, or nil for a connection in plain text.
    package let encryption: String?

    private let handle: PQHandle
    private let cancel: PQInterrupter
    private let countsBytes: Bool
    private var isClosed = false

    /// Connects.
    ///
    /// - Throws: `.invalidURL`; `.databaseMissing` where the server has no such database;
    ///   `.cancelled` where `isCancelled` said so; `.cannotConnect` for all else. No message holds
    ///   a password or the URL.
    package init(_ options: PostgresOptions) throws(DatabaseError) {
        let handle = try PostgresConnector(options).connect()
        let version = handle.parameter("server_version") ?? ""
        serverVersion = String(version.prefix { $0 != " " })
        serverVersionNumber = handle.serverVersion
        backendPID = handle.backendPID
        host = handle.host
        port = Int(handle.port) ?? 0
        database = handle.database
        user = handle.user
        encryption = handle.encryption
        countsBytes = handle.parameter("server_encoding") == "SQL_ASCII"
        cancel = handle.makeInterrupter()
        self.handle = handle
    }

    deinit { close() }

    /// Cancels from another thread, by a connection of its own to the same server.
    package var interrupter: any Interrupter { cancel }

    /// The server's own view, as of its last answer.
    package var transactionState: TransactionState { handle.transactionState }

    /// Called with each notice, on the thread that runs the statement.
    package var onNotice: ((DatabaseNotice) -> Void)? {
        get { handle.onNotice }
        set { handle.onNotice = newValue }
    }

    /// Whether the server is still there, as far as was noticed.
    package var isConnected: Bool { handle.isConnected }

    /// A setting that the server reports by itself, such as `server_encoding` or
    /// `default_transaction_read_only`; nil for one that it does not.
    package func reportedSetting(_ name: String) -> String? { handle.parameter(name) }

    /// Runs the steps in order and stops at the first that fails.
    ///
    /// Steps that follow one another without `copyData` or `runsAlone` go to the server as one
    /// pipeline and cost one round trip. The server makes one implicit transaction of those among
    /// them that stand outside BEGIN and COMMIT: where such a step fails, those before it are undone.
    /// A BEGIN joins what precedes it in the pipeline: a `SET` before it is undone by a later
    /// ROLLBACK, and after a query `SET TRANSACTION` comes too late. A COMMIT ends all that.
    package func run(
        _ steps: [Step], onProgress: (Int) -> Void
    ) throws(StepFailure) -> [StepResult] {
        cancel.rearm()
        var run = BatchRun(handle: handle, steps: steps)
        do {
            return try run.run(onProgress: onProgress)
        } catch {
            let reason = reason(for: error.fields, of: steps[error.stepIndex].sql)
            throw StepFailure(stepIndex: error.stepIndex, error: reason)
        }
    }

    /// Runs one `COPY … TO STDOUT`.
    package func copyOut(
        _ sql: String, receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64 {
        cancel.rearm()
        var run = CopyRun(handle: handle, sql: sql, cancel: cancel)
        do {
            return try run.receive(receive)
        } catch let failure as BatchFailure {
            throw reason(for: failure.fields, of: sql)
        }
    }

    /// Runs one `COPY … FROM STDIN`.
    package func copyIn(_ sql: String, next: () throws -> [UInt8]?) throws -> Int64 {
        cancel.rearm()
        var run = CopyRun(handle: handle, sql: sql, cancel: cancel)
        do {
            return try run.send(next)
        } catch let failure as BatchFailure {
            throw reason(for: failure.fields, of: sql)
        }
    }

    private func reason(for fields: ServerFields, of sql: String) -> DatabaseError {
        let circumstances = FailureCircumstances(
            sql: sql, wasInterrupted: cancel.wasUsed, countsBytes: countsBytes)
        let reason = DatabaseError(fields, circumstances)
        // libpq sees the end of a connection only when it reads on; from here it is the end.
        if reason.code == .connectionLost { close() }
        return reason
    }

    /// Says good-bye to the server and closes; a further call does nothing.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        cancel.release()
        handle.close()
    }
}
