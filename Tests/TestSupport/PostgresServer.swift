package import Database
package import PostgresDriver
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The private cluster that `scripts/test` starts, named by MIGRATE_TEST_POSTGRES.
package enum PostgresServer {
    /// Why a test that needs the server cannot run.
    package struct Missing: Error, CustomStringConvertible {
        /// What to do about it.
        package let description = "no PostgreSQL to test with: run ./scripts/test"
    }

    /// Host and port of the cluster.
    ///
    /// - Throws: `Missing`, after recording it as the test's failure.
    package static func address() throws -> (host: String, port: Int) {
        let url = try PostgresURL(url(database: "postgres").text)
        return (url.host, Int(url.port) ?? 5432)
    }

    /// The URL of a database of the cluster, as its superuser or as another role.
    ///
    /// - Throws: `Missing`, after recording it as the test's failure.
    package static func url(
        database: String, user: String? = nil, password: String? = nil, port: Int? = nil
    ) throws -> DatabaseURL {
        guard let text = getenv("MIGRATE_TEST_POSTGRES").map({ String(cString: $0) }) else {
            let missing = Missing()
            Issue.record("\(missing)")
            throw missing
        }
        let given = try PostgresURL(text)
        let login = (user ?? given.user) + (password.map { ":" + $0 } ?? "")
        return try DatabaseURL(
            "postgres://\(login)@\(given.host):\(port.map(String.init) ?? given.port)/\(database)")
    }

    /// Connects to a database of the cluster as its superuser.
    package static func connect(database: String = "postgres") throws -> PostgresConnection {
        try PostgresConnection(
            PostgresOptions(url: url(database: database), applicationName: "migrate tests"))
    }

    private static let counter = Atomic(0)

    /// A name that no other test and no other process uses.
    package static func uniqueName(_ prefix: String) -> String {
        let number = counter.add(1, ordering: .relaxed).newValue
        return "\(prefix)_\(getpid())_\(number)_\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }
}

/// A database of its own for one test, dropped when the last reference goes, whoever is still
/// connected: keep it in a variable for as long as its connections are used.
package final class TestDatabase: Sendable {
    /// Its name.
    package let name: String
    /// Its URL, as the superuser.
    package let url: DatabaseURL

    /// Creates an empty database.
    ///
    /// - Throws: `PostgresServer.Missing` without a server.
    package init(options: String = "") throws {
        let name = PostgresServer.uniqueName("migrate_test")
        let admin = try PostgresServer.connect()
        try admin.query("CREATE DATABASE \(name) \(options)")
        self.name = name
        url = try PostgresServer.url(database: name)
    }

    deinit {
        do {
            let admin = try PostgresServer.connect()
            try admin.query("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        } catch {
            Issue.record("the database '\(name)' could not be dropped: \(error)")
        }
    }

    /// Opens a connection to it.
    package func connect() throws -> PostgresConnection {
        try PostgresConnection(PostgresOptions(url: url, applicationName: "migrate tests"))
    }

    /// The URL of this database behind something that listens on another port of the same host.
    package func url(port: Int) throws -> DatabaseURL {
        try PostgresServer.url(database: name, port: port)
    }
}

/// A role with a password for one test; over TCP the cluster asks it for that password (SCRAM).
/// Dropped when the last reference goes, which has to be before that of a database it owns things in.
package final class TestRole: Sendable {
    /// Its name.
    package let name: String
    /// Its password, without characters that need encoding in a URL.
    package let password: String

    /// Creates it, able to log in and to connect to any database.
    package init(attributes: String = "") throws {
        name = PostgresServer.uniqueName("migrate_scram")
        password = "s3cret" + String(UInt64.random(in: 0 ... .max), radix: 36)
        let admin = try PostgresServer.connect()
        try admin.query(
            """
            CREATE ROLE \(name) LOGIN \(attributes) PASSWORD '\(password)'
            IN ROLE migrate_scram_users
            """)
    }

    deinit {
        do {
            let admin = try PostgresServer.connect()
            try admin.query("DROP ROLE IF EXISTS \(name)")
        } catch {
            Issue.record("the role '\(name)' could not be dropped: \(error)")
        }
    }

    /// The URL of a database for this role, with its password or another one.
    package func url(database: String, password: String? = nil) throws -> DatabaseURL {
        try PostgresServer.url(
            database: database, user: name, password: password ?? self.password)
    }
}
