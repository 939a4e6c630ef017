internal import CLibPQ
internal import Database

/// Opens one connection: libpq's asynchronous connect under a clock of ours, because libpq applies
/// `connect_timeout` only where it blocks.
///
/// Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PQCONNECTSTARTPARAMS
struct PostgresConnector {
    private let options: PostgresOptions
    private let url: PostgresURL
    private let timeout: Duration?
    private let clock = ContinuousClock()

    /// How one attempt ended.
    private enum Outcome {
        case connected, failed, timedOut, cancelled
    }

    /// - Throws: `.invalidURL`; `.cannotConnect` when libpq is not installed.
    init(_ options: PostgresOptions) throws(DatabaseError) {
        self.options = options
        url = try PostgresURL(options.url.text)
        switch url.connectTimeout {
        // libpq: zero, negative or absent is without bound; 1 is taken as 2.
        case .some(let seconds) where seconds <= 0: timeout = nil
        case .some(let seconds): timeout = .seconds(max(2, seconds))
        case nil: timeout = options.connectTimeout == .zero ? nil : options.connectTimeout
        }
    }

    /// Connects to the first host that answers.
    ///
    /// libpq goes from host to host by itself, except past one that does not answer at all: the
    /// attempt is then begun anew with the hosts after it.
    ///
    /// - Throws: `.cannotConnect`, `.databaseMissing`, `.cancelled`.
    func connect() throws(DatabaseError) -> PQHandle {
        var remaining = HostList(url)
        var silent: [String] = []
        while true {
            let handle = PQHandle(keywords: keywords(hosts: silent.isEmpty ? nil : remaining))
            switch poll(handle) {
            case .connected:
                handle.becomeReady()
                return handle
            case .cancelled:
                throw DatabaseError(.cancelled, "connecting to \(url.redacted) was interrupted")
            case .timedOut:
                silent.append("\(handle.host):\(handle.port)")
                if !remaining.dropThrough(host: handle.host, port: handle.port) {
                    throw timeoutError(silent)
                }
            case .failed:
                throw error(of: handle)
            }
        }
    }

    private func keywords(hosts: HostList?) -> [(String, String)] {
        var keywords: [(String, String)] = []
        if url.service == nil {
            // A network that forgets idle connections must not lose a long CREATE INDEX, nor may a
            // run wait two hours for a server that is gone. What the URL says comes later and wins.
            keywords += [
                ("keepalives_idle", "60"), ("keepalives_interval", "10"), ("keepalives_count", "6"),
            ]
        }
        keywords += [
            ("fallback_application_name", options.applicationName), ("dbname", options.url.text),
            ("client_encoding", "UTF8"),
        ]
        if let hosts {
            keywords += [("host", hosts.names), ("port", hosts.ports)]
            if !hosts.addresses.isEmpty { keywords.append(("hostaddr", hosts.addresses)) }
        }
        // libpq reads the first `dbname` as a URL, and takes a later one as the name that it is.
        if let database = options.database { keywords.append(("dbname", database)) }
        if let password = options.password { keywords.append(("password", password)) }
        return keywords
    }

    private func poll(_ handle: PQHandle) -> Outcome {
        // "Loop thus: before the first call, act as if PQconnectPoll had said PGRES_POLLING_WRITING."
        var state = PGRES_POLLING_WRITING
        var target = handle.target
        var deadline = timeout.map { clock.now + $0 }
        if !handle.hasStarted { return .failed }
        while true {
            if options.isCancelled() { return .cancelled }
            if let deadline, clock.now >= deadline { return .timedOut }
            let isReady = handle.wait(
                reading: state == PGRES_POLLING_READING, writing: state == PGRES_POLLING_WRITING,
                milliseconds: 50)
            guard isReady.canRead || isReady.canWrite else { continue }
            state = handle.pollConnection()
            if state == PGRES_POLLING_OK { return .connected }
            if state == PGRES_POLLING_FAILED { return .failed }
            if handle.target != target {
                target = handle.target
                deadline = timeout.map { clock.now + $0 }
            }
        }
    }

    // MARK: What went wrong

    private func timeoutError(_ silent: [String]) -> DatabaseError {
        let (seconds, rest) = (timeout ?? .zero).components
        let limit =
            rest == 0 ? "\(seconds) s" : "\(seconds * 1000 + rest / 1_000_000_000_000_000) ms"
        return DatabaseError(
            .cannotConnect,
            "no answer from \(silent.map { "'\($0)'" }.joined(separator: ", ")) within \(limit)",
            hint: "Check host, port and firewall; connect_timeout in the URL allows more time.")
    }

    private func error(of handle: PQHandle) -> DatabaseError {
        ConnectFailure(
            text: handle.errorMessage, needsPassword: handle.needsPassword,
            passwordGiven: !handle.password.isEmpty, database: handle.database
        ).error(hiding: secrets(handle))
    }

    /// What no message may hold. A secret that is also the name of the user or the database, as in
    /// postgres:postgres, is no secret, and hiding it would garble the message.
    private func secrets(_ handle: PQHandle) -> [String] {
        let names = [handle.user, handle.database, handle.host, handle.port]
        let all = url.secrets + [options.password ?? "", handle.password]
        return all.filter { $0.utf8.count >= 3 && !names.contains($0) }
    }
}

/// The hosts that are still to be tried, as parallel lists in libpq's form.
private struct HostList {
    private var items: [(name: String, address: String, port: String)]
    private let hasAddresses: Bool

    init(_ url: PostgresURL) {
        let names = Self.split(url.host)
        let addresses = Self.split(url.hostAddress)
        let ports = Self.split(url.port)
        hasAddresses = !url.hostAddress.isEmpty
        items = (0..<max(names.count, addresses.count)).map { index in
            (
                index < names.count ? names[index] : "",
                index < addresses.count ? addresses[index] : "",
                ports.count == 1 ? ports[0] : (index < ports.count ? ports[index] : "")
            )
        }
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    var names: String { items.map(\.name).joined(separator: ",") }
    var ports: String { items.map(\.port).joined(separator: ",") }
    var addresses: String {
        hasAddresses ? items.map(\.address).joined(separator: ",") : ""
    }

    /// Drops the first items up to the one named; false when none is left or it is not in the list.
    mutating func dropThrough(host: String, port: String) -> Bool {
        guard
            let index = items.firstIndex(where: {
                ($0.name == host || $0.address == host) && ($0.port == port || $0.port.isEmpty)
            })
        else { return false }
        items.removeFirst(index + 1)
        return !items.isEmpty
    }
}
