internal import Database
internal import PostgresCatalog

/// The session from which databases are created, renamed and dropped: it is connected to neither of
/// them.
struct MaintenanceSession {
    let connection: any BulkConnection
    /// The server's process, and when it was started: its number alone may come again.
    private let process: (id: String, start: String)?

    /// Connects to a database that every server has.
    init(
        _ connect: (String) throws -> any BulkConnection, besides target: String
    ) throws {
        do {
            connection = try connect(target == "postgres" ? "template1" : "postgres")
        } catch let error as DatabaseError where error.code == .databaseMissing {
            connection = try connect("template1")
        }
        try connection.run(PostgresSession.restore)
        let row = try connection.query(
            """
            SELECT pid::pg_catalog.text, backend_start::pg_catalog.text \
            FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()
            """
        ).rows.first
        process = row.flatMap { row in
            guard let id = row[0].string, let start = row[1].string else { return nil }
            return (id, start)
        }
    }

    /// Ends another one, where the server still has it, and waits for its end.
    func end(_ other: MaintenanceSession) throws {
        other.connection.close()
        guard let process = other.process else { return }
        try connection.query(
            """
            SELECT pg_catalog.pg_terminate_backend(pid, 10000) FROM pg_catalog.pg_stat_activity \
            WHERE pid = $1::pg_catalog.int4 AND backend_start::pg_catalog.text = $2
            """, [.text(process.id), .text(process.start)])
    }

    /// Whether a database of the name is there, and takes connections.
    func find(_ name: String) throws -> (exists: Bool, allowsConnections: Bool) {
        let rows = try connection.query(
            "SELECT datallowconn FROM pg_catalog.pg_database WHERE datname = $1", [.text(name)]
        ).rows
        return (!rows.isEmpty, rows.first?[0].boolean ?? false)
    }

    /// Creates a database like the one that was described.
    func create(_ name: String, like database: DatabaseProperties) throws {
        let sql = database.creation(of: name, major: connection.serverVersionNumber / 10_000)
        try connection.run([Step(sql, runsAlone: true)])
    }

    /// Removes a database of ours, whoever is connected to it.
    func drop(_ name: String) throws {
        guard try find(name).exists else { return }
        let quoted = PostgresName.quoted(name)
        try connection.run([
            Step("ALTER DATABASE \(quoted) IS_TEMPLATE false", runsAlone: true),
            Step("DROP DATABASE \(quoted) WITH (FORCE)", runsAlone: true),
        ])
    }

    /// Takes connections again, or no longer.
    func allowConnections(_ name: String, _ isAllowed: Bool) throws {
        try connection.query(
            "ALTER DATABASE \(PostgresName.quoted(name)) ALLOW_CONNECTIONS \(isAllowed)")
    }

    /// Tries the lock that a running restore holds to the end of its session.
    func lock(_ names: RestoreNames) throws -> Bool {
        try connection.query(
            "SELECT pg_catalog.pg_try_advisory_lock($1)", [.integer(names.lockKey)]
        )
        .rows[0][0].boolean == true
    }

    func unlock(_ names: RestoreNames) throws {
        try connection.query("SELECT pg_catalog.pg_advisory_unlock($1)", [.integer(names.lockKey)])
    }

    /// The names of all databases.
    func databases() throws -> [String] {
        try connection.query("SELECT datname FROM pg_catalog.pg_database ORDER BY 1").rows
            .compactMap { $0[0].string }
    }
}

extension DatabaseProperties {
    /// The statement that creates a database like this one on a server of a major version.
    func creation(of name: String, major: Int) -> String {
        func option(_ word: String, _ value: String?) -> String {
            value.map { " \(word) \(PostgresName.literal($0))" } ?? ""
        }
        var sql = "CREATE DATABASE \(PostgresName.quoted(name)) TEMPLATE template0"
        sql += option("ENCODING", encoding)
        sql += option("LC_COLLATE", collate) + option("LC_CTYPE", characterType)
        switch localeProvider {
        case "icu":
            sql += " LOCALE_PROVIDER icu" + option("ICU_LOCALE", locale)
            if major >= 16 { sql += option("ICU_RULES", localeRules) }
        case "builtin": sql += " LOCALE_PROVIDER builtin" + option("BUILTIN_LOCALE", locale)
        default: if major >= 15 { sql += " LOCALE_PROVIDER libc" }
        }
        return sql
    }

    /// The statements that set what belongs to the database as a whole, its owner last.
    func settings(ofDatabase name: String, includingOwner: Bool = true) -> [SchemaStatement] {
        var statements = statements
        if includingOwner {
            statements.append(
                SchemaStatement(
                    "ALTER DATABASE {database} OWNER TO \(PostgresName.quoted(owner))"))
        }
        let quoted = PostgresName.quoted(name)
        return statements.map { statement in
            let sql = statement.sql.replacing("{database}", with: quoted, maxReplacements: 1)
            return SchemaStatement(sql, roles: statement.roles)
        }
    }
}
