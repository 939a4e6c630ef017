package import Database

/// Reads every object of the database that a connection is to.
///
/// Sets the session as `CatalogSession` says. Inside a transaction what it sees is that
/// transaction's snapshot, as far as the server keeps to it (see `catalogFingerprint`); outside of
/// one it opens its own for the time of the reading.
///
/// - Parameters:
///   - connection: the connection.
///   - companion: opens a second session in the same snapshot, on another thread, for half of the
///     queries. It is closed here. Where it fails, the connection does without it.
/// - Returns: the objects.
/// - Throws: `.unsupportedServer`; `.incomplete` with the names of objects that no kind accounts
///   for; `.dependencyLoop`; `.database`.
package func readSchema(
    _ connection: any Connection,
    beside companion: (@Sendable () throws -> any Connection)? = nil
) throws(CatalogError) -> SchemaModel {
    try SchemaReader(connection, companion: companion).model()
}

/// One reading of a schema.
struct SchemaReader {
    /// The major versions whose catalogs are known.
    static let majors = 14...18

    private let connection: any Connection
    private let major: Int
    private let readers: [any ObjectReader]
    private let companion: (@Sendable () throws -> any Connection)?

    /// - Throws: `.unsupportedServer`.
    init(
        _ connection: any Connection, readers: [any ObjectReader] = ObjectReaders.all,
        companion: (@Sendable () throws -> any Connection)? = nil
    ) throws(CatalogError) {
        let major = connection.serverVersionNumber / 10_000
        guard Self.majors.contains(major) else {
            throw CatalogError(
                .unsupportedServer,
                "the server is PostgreSQL \(connection.serverVersion); schemas are read from "
                    + "\(Self.majors.lowerBound) to \(Self.majors.upperBound)",
                hint: major > Self.majors.upperBound
                    ? "A newer version of migrate may know what this server's catalogs hold." : nil)
        }
        self.connection = connection
        self.major = major
        self.companion = companion
        self.readers = readers
    }

    /// Reads, orders and checks.
    func model() throws(CatalogError) -> SchemaModel {
        let opens = connection.transactionState == .idle
        if opens { try run([Step("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]) }
        let outcome: Result<SchemaModel, CatalogError>
        do throws(CatalogError) {
            outcome = .success(try readModel())
        } catch {
            outcome = .failure(error)
        }
        if opens { _ = try? connection.run([Step("ROLLBACK")]) }
        return try outcome.get()
    }

    private static let rights = """
        SELECT pg_catalog.has_column_privilege(\
        'pg_catalog.pg_subscription', 'subconninfo', 'SELECT')
        """

    private func readModel() throws(CatalogError) -> SchemaModel {
        let rights = try run(CatalogSession.steps + [Step(Self.rights)]).last?.rows.first
        let server = ServerFacts(
            major: major, readsSubscriptions: rights?[0].boolean ?? false)
        let asked = groups.map { batches($0, server) }
        let gate = [CompletenessGate.query(server)]
        let queries = SharedQueries((asked.flatMap(\.self) + [gate]).map { $0.map { Step($0) } })
        if let companion { queries.share(with: companion) }
        defer { queries.end() }
        var contents = CatalogContents()
        var next = 0
        for (group, batches) in zip(groups, asked) {
            try read(group, server, answers(queries, next..<(next + batches.count)), &contents)
            next += batches.count
        }
        let order = try RestoreOrder(contents)
        try check(order, contents, answers(queries, next..<(next + 1))[0])
        return EntryWriter(contents, order).model()
    }

    /// The readers, as many at a time as share a round trip: what the server answered is let go
    /// before the next ones ask.
    private var groups: [[any ObjectReader]] {
        readers.reduce(into: [[]]) { groups, reader in
            if reader.isLarge || groups.last?.last?.isLarge == true { groups.append([]) }
            groups[groups.count - 1].append(reader)
        }
    }

    /// What a group asks, in as many round trips as can be shared.
    private func batches(_ group: [any ObjectReader], _ server: ServerFacts) -> [[String]] {
        guard companion != nil, group.count == 1 else {
            return [group.flatMap { $0.queries(server) }]
        }
        return group[0].batches(server)
    }

    private func answers(
        _ queries: SharedQueries, _ batches: Range<Int>
    ) throws(CatalogError) -> [Answer] {
        var answers: [Answer] = []
        for batch in batches {
            do {
                answers += try queries.answers(batch, connection).map(Answer.init)
            } catch {
                throw CatalogError(
                    .database, "the catalogs could not be read", cause: error.error)
            }
        }
        return answers
    }

    private func read(
        _ readers: [any ObjectReader], _ server: ServerFacts, _ answers: [Answer],
        _ contents: inout CatalogContents
    ) throws(CatalogError) {
        var next = 0
        for reader in readers {
            let count = reader.queries(server).count
            try reader.read(Array(answers[next..<(next + count)]), into: &contents)
            next += count
        }
    }

    private func check(
        _ order: RestoreOrder, _ contents: CatalogContents, _ answer: Answer
    ) throws(CatalogError) {
        let finder = ObjectFinder(order.graph.objects, contents)
        let unknown = CompletenessGate.unknown(answer, finder: finder, contents: contents)
        guard !unknown.isEmpty else { return }
        let names = try run([Step(CompletenessGate.names(unknown))])[0].rows
            .compactMap { $0[0].string }
        let rest = unknown.count - names.count
        throw CatalogError(
            .incomplete,
            "the database has objects that would be missing in a copy: "
                + names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : ""))
    }

    @discardableResult
    private func run(_ steps: [Step]) throws(CatalogError) -> [StepResult] {
        do {
            return try connection.run(steps)
        } catch {
            throw CatalogError(.database, "the catalogs could not be read", cause: error.error)
        }
    }
}
