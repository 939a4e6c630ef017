/// A subscription, restored without a connection: it stays off until someone turns it on, for a copy
/// that is on would take the original's changes.
struct Subscription: CatalogObject, Hashable {
    let id: ObjectID
    let name: ObjectName
    let owner: String?
    /// How it connects; may hold a password.
    let connection: String
    /// The publications.
    let publications: [String]
    /// `slot_name = …` and so on, after `connect = false`.
    let options: [String]

    var kind: ObjectKind { .subscription }
    var target: String? { "SUBSCRIPTION \(SQLQuoting.identifier(name.name))" }

    func creation() -> [SchemaStatement] {
        let publications = publications.map(SQLQuoting.identifier).joined(separator: ", ")
        let options = (["connect = false"] + options).joined(separator: ", ")
        return [
            SchemaStatement(
                "CREATE SUBSCRIPTION \(SQLQuoting.identifier(name.name)) CONNECTION "
                    + "\(SQLQuoting.literal(connection)) PUBLICATION \(publications) "
                    + "WITH (\(options))")
        ]
    }
}

/// Reads subscriptions.
struct SubscriptionReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        let connection = server.readsSubscriptions ? "s.subconninfo" : "NULL"
        return [
            """
            SELECT s.oid, s.subname, \(server.roleName("s.subowner")), \(connection), \
            s.subpublications, s.subslotname, s.subbinary, s.substream, \
            \(server.since(15, "s.subtwophasestate <> 'd'", else: "false")), \
            \(server.since(15, "s.subdisableonerr", else: "false")), s.subsynccommit, \
            \(server.since(16, "NOT s.subpasswordrequired", else: "false")), \
            \(server.since(16, "s.subrunasowner", else: "false")), \
            \(server.since(16, "NULLIF(s.suborigin, 'any')")), \
            \(server.since(17, "s.subfailover", else: "false")) \
            FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid \
            WHERE d.datname = pg_catalog.current_database()
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.subscription, row.oid())
            let (name, owner, connection) = (row.text(), row.text(), row.optionalText())
            guard let connection else {
                contents.exclude(
                    id, "the subscription \(name), whose connection only a superuser may read")
                return
            }
            contents.objects.append(
                Subscription(
                    id: id, name: ObjectName(name), owner: owner, connection: connection,
                    publications: row.array(), options: Self.options(&row)))
        }
    }

    private static func options(_ row: inout RowCursor) -> [String] {
        let slot = row.optionalText().map(SQLQuoting.literal) ?? "NONE"
        var options = ["slot_name = \(slot)"]
        if row.flag() { options.append("binary = true") }
        // A truth value up to PostgreSQL 15, a letter since.
        switch row.letter() {
        case "t": options.append("streaming = on")
        case "p": options.append("streaming = parallel")
        default: break
        }
        if row.flag() { options.append("two_phase = on") }
        if row.flag() { options.append("disable_on_error = true") }
        let commit = row.text()
        if commit != "off" {
            options.append("synchronous_commit = \(SQLQuoting.identifier(commit))")
        }
        if row.flag() { options.append("password_required = false") }
        if row.flag() { options.append("run_as_owner = true") }
        if let origin = row.optionalText() { options.append("origin = \(origin)") }
        if row.flag() { options.append("failover = true") }
        return options
    }
}
