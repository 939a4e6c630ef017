internal import Migrations
internal import Database
internal import HTTP
internal import ProjectConfig
internal import Releases

/// Watches a release after its last commit: every probe, again and again, until the time is over or
/// one of them fails.
struct Bake {
    let app: App
    let settings: BakeSettings
    let database: OpenDatabase

    /// How long a request may take.
    private static let requestTimeout = Duration.seconds(10)

    /// - Returns: how often the probes were asked.
    /// - Throws: `Failure` (10) where a probe fails, (130) where the run is interrupted.
    func run() throws(Failure) -> Int {
        app.terminal.note(
            "watching for \(describe(milliseconds: settings.duration.wholeMilliseconds)): "
                + "\(count(settings.probes.count, "probe")) every "
                + describe(milliseconds: settings.every.wholeMilliseconds))
        let clock = ContinuousClock()
        let end = clock.now + settings.duration
        var rounds = 0
        while true {
            for probe in settings.probes { try ask(probe) }
            rounds += 1
            let left = end - clock.now
            guard left > .zero else { break }
            guard !app.cancellation.wait(min(left, settings.every)) else { throw Self.interrupted }
        }
        app.terminal.result(
            "  watched for \(describe(milliseconds: settings.duration.wholeMilliseconds)): "
                + "\(count(settings.probes.count, "probe")) good, \(count(rounds, "time"))")
        return rounds
    }

    private static var interrupted: Failure {
        Failure(
            .interrupted, "interrupted", "interrupted while the release was watched",
            hint: "What was applied stays. Run 'migrate up' again to go on watching it.")
    }

    private func ask(_ probe: ProbeSettings) throws(Failure) {
        let found = measure(probe)
        guard !app.cancellation.isRequested else { throw Self.interrupted }
        switch found {
        case .good(let words): app.terminal.detail("\(probe.label): \(words)")
        case .bad(let words):
            throw Failure(
                .verificationFailed, "probe_failed",
                "the release fails its probe '\(probe.label)': \(words)")
        }
    }

    private func measure(_ probe: ProbeSettings) -> Measurement {
        let cancellation = app.cancellation
        do {
            switch probe {
            case .sql(let query, let expect):
                return try ask(query, expect)
            case .http(let url, let status):
                let response = try HTTPClient.get(
                    url, timeout: Self.requestTimeout,
                    isCancelled: { cancellation.isRequested })
                return Measurement(status: response.status, expect: status)
            case .prometheus(let server, let query, let bound):
                let base = server.hasSuffix("/") ? String(server.dropLast()) : server
                let response = try HTTPClient.get(
                    base + "/api/v1/query?query=" + Self.encoded(query),
                    timeout: Self.requestTimeout, isCancelled: { cancellation.isRequested })
                return Measurement(
                    prometheus: response.body, below: bound.below, above: bound.above)
            }
        } catch let error as HTTPError {
            return .bad(error.message)
        } catch {
            return .bad(Program.failure(error, app).message)
        }
    }

    /// Asks the database, which the query must not change.
    private func ask(_ query: String, _ expect: String) throws -> Measurement {
        let connection = database.connection
        let isPostgres = connection.dialect == .postgres
        try connection.query(isPostgres ? "BEGIN READ ONLY" : "PRAGMA query_only=1")
        defer { _ = try? connection.query(isPostgres ? "ROLLBACK" : "PRAGMA query_only=0") }
        let result = try app.cancellation.interruptible(connection.interrupter) { () throws in
            try connection.run([Step(query, rowLimit: 2)])[0]
        }
        return Measurement(
            rows: result.rows.map { row in result.columns.indices.map { row[$0].string } },
            count: result.rowCount, expect: expect)
    }

    /// Percent-encoded, as a value in a query. Source: RFC 3986, section 2.3.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                return String(UnicodeScalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                return "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }.joined()
    }
}

extension ProbeSettings {
    /// What the probe asks, for people; an address is shown as far as its path.
    var label: String {
        switch self {
        case .sql(let query, _): query.asOneLine
        case .http(let url, _): url.withoutSecrets
        case .prometheus(_, let query, _): query.asOneLine
        }
    }
}

extension String {
    /// An address without user, password and query.
    var withoutSecrets: String {
        guard let scheme = firstRange(of: "://") else { return "…" }
        let rest = self[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@").last ?? ""
        let path = rest.dropFirst(authority.count).prefix { $0 != "?" && $0 != "#" }
        return String(self[..<scheme.upperBound] + host + path)
    }

    /// The host alone, for an address that is itself a secret, as a webhook's is.
    var hostOnly: String {
        guard let scheme = firstRange(of: "://") else { return "…" }
        let rest = self[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return self[..<scheme.upperBound] + (authority.split(separator: "@").last ?? "") + "/…"
    }
}
