// The one file that touches libpq's pointers of a live connection: the connection, its results and
// its cancel handle. It is longer than others so that none of them has to leave it.

internal import CLibPQ
internal import Database
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Owner of one `PGconn`.
///
/// A class because libpq keeps its address for notices. Used by one thread at a time.
final class PQHandle {
    /// What is left to send.
    enum FlushState {
        case done, pending, failed
    }

    /// Called with each notice of the server.
    var onNotice: ((DatabaseNotice) -> Void)?
    private var pointer: OpaquePointer?

    /// Starts to connect; `poll()` does the rest.
    init(keywords: [(String, String)]) {
        let names = CStrings(keywords.map(\.0))
        let values = CStrings(keywords.map(\.1))
        pointer = names.withPointers { names in
            values.withPointers { values in PQconnectStartParams(names, values, 1) }
        }
        // The SQLSTATE of a refused connection stands only in the verbose form of its message.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context, let result else { return }
                let handle = Unmanaged<PQHandle>.fromOpaque(context).takeUnretainedValue()
                handle.onNotice?(PQResult.notice(result))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    func close() {
        PQfinish(pointer)
        pointer = nil
    }

    // MARK: Connecting

    /// False when the attempt failed before anything could be sent.
    var hasStarted: Bool { pointer != nil && PQstatus(pointer) != CONNECTION_BAD }

    func pollConnection() -> PostgresPollingStatusType { PQconnectPoll(pointer) }

    var needsPassword: Bool { PQconnectionNeedsPassword(pointer) != 0 }

    /// What libpq connects to now; changes as it goes through several hosts or addresses.
    var target: String { "\(host) \(text(PQhostaddr(pointer))) \(port)" }

    var host: String { text(PQhost(pointer)) }
    var port: String { text(PQport(pointer)) }
    var database: String { text(PQdb(pointer)) }
    var user: String { text(PQuser(pointer)) }
    /// The password that was used, also one out of a pass file. Secret.
    var password: String { text(PQpass(pointer)) }

    // MARK: Facts

    /// False once the connection is broken or closed.
    var isConnected: Bool { pointer != nil && PQstatus(pointer) == CONNECTION_OK }
    /// libpq's last message, which may have several lines.
    var errorMessage: String { pointer == nil ? "" : text(PQerrorMessage(pointer)) }
    var backendPID: Int32 { PQbackendPID(pointer) }
    var serverVersion: Int { Int(PQserverVersion(pointer)) }

    func parameter(_ name: String) -> String? {
        PQparameterStatus(pointer, name).map { String(cString: $0) }
    }

    var transactionState: TransactionState {
        switch PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS, PQTRANS_ACTIVE: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// `TLSv1.3 (TLS_AES_256_GCM_SHA384)`, `GSSAPI`, or nil for plain text.
    var encryption: String? {
        if PQgssEncInUse(pointer) != 0 { return "GSSAPI" }
        guard PQsslInUse(pointer) != 0 else { return nil }
        let protocolName = PQsslAttribute(pointer, "protocol").map { String(cString: $0) }
        let cipher = PQsslAttribute(pointer, "cipher").map { " (\(String(cString: $0)))" }
        return (protocolName ?? "TLS") + (cipher ?? "")
    }

    /// Prepares a connection that was just made for use: messages plain, calls non-blocking.
    func becomeReady() {
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        PQsetnonblocking(pointer, 1)
    }

    func makeInterrupter() -> PQInterrupter { PQInterrupter(PQgetCancel(pointer)) }

    // MARK: Sending

    func enterPipeline() -> Bool { PQenterPipelineMode(pointer) == 1 }
    func exitPipeline() -> Bool { PQexitPipelineMode(pointer) == 1 }
    func sendSync() -> Bool { PQpipelineSync(pointer) == 1 }
    func sendFlushRequest() -> Bool { PQsendFlushRequest(pointer) == 1 }

    /// Sends by the simple protocol, which knows neither pipelines nor parameters.
    func sendSimple(_ sql: String) -> Bool { PQsendQuery(pointer, sql) == 1 }

    /// Sends by the extended protocol; answers come as text.
    func send(_ sql: String, _ parameters: [DatabaseValue]) -> Bool {
        if parameters.isEmpty {
            return PQsendQueryParams(pointer, sql, 0, nil, nil, nil, nil, 0) == 1
        }
        let byteaOid: Oid = 17
        var types: [Oid] = []
        var formats: [Int32] = []
        var lengths: [Int32] = []
        var contents: [[UInt8]?] = []
        for parameter in parameters {
            if case .blob(let bytes) = parameter {
                types.append(byteaOid)
                formats.append(1)
                lengths.append(Int32(clamping: bytes.count))
                contents.append(bytes)
            } else {
                types.append(0)
                formats.append(0)
                lengths.append(0)
                contents.append(parameter.string.map { Array($0.utf8) })
            }
        }
        return CStrings(contents).withPointers { values in
            PQsendQueryParams(
                pointer, sql, Int32(clamping: parameters.count), types, values, lengths, formats, 0)
        } == 1
    }

    /// Keeps the rows of the query whose answer comes next from being gathered into one result.
    func useSingleRowMode() { PQsetSingleRowMode(pointer) }

    func flush() -> FlushState {
        switch PQflush(pointer) {
        case 0: .done
        case 1: .pending
        default: .failed
        }
    }

    func putCopyData(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.withMemoryRebound(to: CChar.self) {
            PQputCopyData(pointer, $0.baseAddress, Int32(clamping: $0.count))
        } == 1
    }

    /// Ends a COPY; with a text, makes it fail.
    func putCopyEnd(failure: String? = nil) -> Bool { PQputCopyEnd(pointer, failure) == 1 }

    // MARK: Receiving

    /// Reads what has arrived; false when the connection is gone.
    func consumeInput() -> Bool { PQconsumeInput(pointer) == 1 }
    /// True while `nextResult()` would block.
    var isBusy: Bool { PQisBusy(pointer) != 0 }

    /// The next result; nil ends the results of one query.
    func nextResult() -> PQResult? {
        guard let result = PQgetResult(pointer) else { return nil }
        return PQResult(result)
    }

    /// Hands over the messages of a COPY … TO STDOUT that have arrived.
    ///
    /// - Returns: false when more has to arrive first, true at their end.
    func takeCopyRows(
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows -> Bool {
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(pointer, &row, 1)
            defer { PQfreemem(row) }
            if count <= 0 { return count != 0 }
            try receive(UnsafeRawBufferPointer(start: row, count: Int(count)))
        }
    }

    /// Throws them away.
    ///
    /// - Returns: the same.
    func discardCopyRows() -> Bool { takeCopyRows { _ in } }

    /// Waits until the next result or the next message of a COPY is there; false when the
    /// connection is gone.
    func awaitInput() -> Bool {
        let isPending = flush() == .pending
        let ready = wait(reading: true, writing: isPending)
        return !ready.canRead || consumeInput()
    }

    /// Sends all that is buffered, and reads meanwhile: a server that has notices to say must not
    /// wait for us while we wait for it.
    ///
    /// - Returns: false when the connection is gone.
    func sendAll() -> Bool {
        while true {
            switch flush() {
            case .done: return true
            case .failed: return false
            case .pending:
                let ready = wait(reading: true, writing: true)
                if ready.canRead, !consumeInput() { return false }
            }
        }
    }

    /// Waits for the socket, at most `milliseconds`, and says what is possible now: both for a socket
    /// that is gone, whose next use tells so; neither when the time was over or a signal came.
    func wait(
        reading: Bool, writing: Bool, milliseconds: Int32? = nil
    ) -> (canRead: Bool, canWrite: Bool) {
        var events: Int32 = 0
        if reading { events |= Int32(POLLIN) }
        if writing { events |= Int32(POLLOUT) }
        var descriptor = pollfd(fd: PQsocket(pointer), events: Int16(events), revents: 0)
        guard descriptor.fd >= 0 else { return (true, true) }
        guard poll(&descriptor, 1, milliseconds ?? -1) > 0 else { return (false, false) }
        let seen = Int32(descriptor.revents)
        if seen & Int32(POLLERR | POLLHUP | POLLNVAL) != 0 { return (true, true) }
        return (seen & Int32(POLLIN) != 0, seen & Int32(POLLOUT) != 0)
    }

    private func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}

/// Owner of one `PGresult`.
struct PQResult: ~Copyable {
    /// What kind of answer it is.
    enum Status {
        case command, rows, empty, failed, aborted, sync, copyIn, copyOut, other
    }

    private let pointer: OpaquePointer

    fileprivate init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var status: Status {
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK: .command
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
        case PGRES_EMPTY_QUERY: .empty
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failed
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT: .copyOut
        default: .other
        }
    }

    /// Adds what this result holds to `answer`, which may have had rows of it before.
    func add(to answer: inout StepResult, rowLimit: Int) {
        let columnCount = PQnfields(pointer)
        if answer.columns.isEmpty, columnCount > 0 {
            answer.columns = (0..<columnCount).map { column in
                PQfname(pointer, column).map { String(cString: $0) } ?? ""
            }
        }
        let rowCount = PQntuples(pointer)
        let kept = min(Int(rowCount), max(0, rowLimit - answer.rows.count))
        for row in 0..<Int32(clamping: kept) {
            answer.rows.append(Row((0..<columnCount).map { value(row: row, column: $0) }))
        }
        answer.rowCount += Int(rowCount)
        let tag = PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
        // A SELECT that answers rows changed none; one without is a CREATE TABLE AS.
        let onlyReads = status == .rows && (tag.hasPrefix("SELECT") || tag.hasPrefix("FETCH"))
        if !onlyReads, let count = PQcmdTuples(pointer).flatMap({ Int(String(cString: $0)) }) {
            answer.affectedRows = count
        }
    }

    private func value(row: Int32, column: Int32) -> DatabaseValue {
        guard PQgetisnull(pointer, row, column) == 0, let bytes = PQgetvalue(pointer, row, column)
        else { return .null }
        let length = Int(PQgetlength(pointer, row, column))
        return bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
            .text(String(decoding: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self))
        }
    }

    /// The server's facts about a failure.
    var fields: ServerFields { Self.fields(pointer) }

    fileprivate static func notice(_ result: OpaquePointer) -> DatabaseNotice {
        let fields = fields(result)
        let more = [fields.detail, fields.hint].compactMap { $0 }
        return DatabaseNotice(
            severity: fields.severity ?? "WARNING", message: fields.message,
            detail: more.isEmpty ? nil : more.joined(separator: "\n"))
    }

    private static func fields(_ result: OpaquePointer) -> ServerFields {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        var objects: [String: String] = [:]
        objects["schema"] = field(clibpq_diag_schema())
        objects["table"] = field(clibpq_diag_table())
        objects["column"] = field(clibpq_diag_column())
        objects["datatype"] = field(clibpq_diag_datatype())
        objects["constraint"] = field(clibpq_diag_constraint())
        return ServerFields(
            severity: field(clibpq_diag_severity()), sqlState: field(clibpq_diag_sqlstate()),
            message: field(clibpq_diag_message())
                ?? LibPQText.oneLine(
                    PQresultErrorMessage(result).map { String(cString: $0) } ?? ""),
            detail: field(clibpq_diag_detail()), hint: field(clibpq_diag_hint()),
            context: field(clibpq_diag_context()),
            position: field(clibpq_diag_position()).flatMap { Int($0) }, objects: objects)
    }
}

/// Cancels what a connection runs, from any thread, until the connection is closed.
///
/// Source: https://www.postgresql.org/docs/current/libpq-cancel.html
final class PQInterrupter: Interrupter {
    private struct State {
        /// The address of the `PGcancel`, nil once freed. A number, for the pointer itself is not
        /// `Sendable`; libpq allows its use on any thread, and the mutex keeps it from being freed
        /// meanwhile.
        var address: UInt?
        /// Whether a cancel was asked for since the last `rearm()`.
        var wasUsed = false
    }

    private let state: Mutex<State>

    fileprivate init(_ cancel: OpaquePointer?) {
        state = Mutex(State(address: cancel.map { UInt(bitPattern: $0) }))
    }

    deinit { release() }

    func interrupt() {
        state.withLock { state in
            guard let address = state.address else { return }
            state.wasUsed = true
            var message = [CChar](repeating: 0, count: 256)
            // A failure to reach the server leaves the statement running; the caller asks again.
            _ = PQcancel(
                OpaquePointer(bitPattern: address), &message, Int32(clamping: message.count))
        }
    }

    /// Whether a cancel was asked for since the last `rearm()`: tells our own from the server's.
    var wasUsed: Bool { state.withLock { $0.wasUsed } }

    func rearm() { state.withLock { $0.wasUsed = false } }

    /// Frees the handle; `interrupt()` then does nothing.
    func release() {
        state.withLock { state in
            if let address = state.address { PQfreeCancel(OpaquePointer(bitPattern: address)) }
            state.address = nil
        }
    }
}
