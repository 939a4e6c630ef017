import Database
import PostgresDriver
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Connecting, and every way in which it fails.
@Suite struct PostgresConnectTests {
    private func refused(
        _ url: String, password: String? = nil, timeout: Duration = .seconds(10),
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> DatabaseError {
        var error: DatabaseError?
        do throws(DatabaseError) {
            _ = try PostgresConnection(
                PostgresOptions(
                    url: DatabaseURL(url), password: password, connectTimeout: timeout,
                    isCancelled: isCancelled))
        } catch let caught { error = caught }
        let result = try #require(error, "the connection was expected to fail")
        #expect(!"\(result)".contains("s3cret"))
        #expect(!result.message.contains("\n"))
        return result
    }

    // MARK: Success

    @Test func `the facts of a connection are the server's`() throws {
        let database = try TestDatabase()
        let connection = try database.connect()
        let row = try #require(
            try connection.query(
                """
                SELECT pg_backend_pid(), current_database(), current_user,
                    current_setting('application_name'), current_setting('client_encoding'),
                    current_setting('server_version_num')
                """
            ).rows.first)
        #expect(row[0].integer == Int64(connection.backendPID))
        #expect(row[1] == .text(connection.database))
        #expect(row[2] == .text(connection.user))
        #expect(row[3] == "migrate tests")
        #expect(row[4] == "UTF8")
        #expect(row[5].integer == Int64(connection.serverVersionNumber))
        #expect(connection.encryption == nil)
        let library = try PostgresLibrary.version().split(separator: ".").compactMap { Int($0) }
        #expect(library.count == 2 && library[0] >= 14)
        let address = try PostgresServer.address()
        #expect(connection.port == address.port)
        #expect(connection.host == address.host)
    }

    @Test func `what the URL says about name and encoding is kept where it may be`() throws {
        let database = try TestDatabase()
        let url = database.url.text + "?application_name=mine&client_encoding=latin1"
        let connection = try PostgresConnection(PostgresOptions(url: DatabaseURL(url)))
        let row = try connection.query(
            "SELECT current_setting('application_name'), current_setting('client_encoding'), 'ä'"
        ).rows[0]
        #expect(row.values == ["mine", "UTF8", "ä"])
    }

    @Test func `the keyword form and a socket's folder work`() throws {
        let database = try TestDatabase()
        let admin = try database.connect()
        let folder = try #require(
            try admin.query("SHOW unix_socket_directories").rows.first?[0].string)
        let text = "host=\(folder) port=\(admin.port) user=postgres dbname='\(database.name)'"
        let connection = try PostgresConnection(PostgresOptions(url: DatabaseURL(text)))
        #expect(connection.host == folder)
        #expect(connection.database == database.name)
    }

    @Test func `a password comes from the URL, from a pass file or from the options`() throws {
        let database = try TestDatabase()
        let role = try TestRole()
        let withPassword = try role.url(database: database.name)
        let wrong = try role.url(database: database.name, password: "wrong")
        let bare = try PostgresServer.url(database: database.name, user: role.name)
        let passFile = "/tmp/\(PostgresServer.uniqueName("migrate_pass"))"
        let descriptor = open(passFile, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        let line = "*:*:*:\(role.name):\(role.password)\n"
        #expect(write(descriptor, line, line.utf8.count) == line.utf8.count)
        #expect(close(descriptor) == 0)
        defer { unlink(passFile) }
        let ways = [
            PostgresOptions(url: withPassword),
            PostgresOptions(url: wrong, password: role.password),
            PostgresOptions(url: bare, password: role.password),
            PostgresOptions(url: try DatabaseURL(bare.text + "?passfile=\(passFile)")),
        ]
        for options in ways {
            let connection = try PostgresConnection(options)
            #expect(connection.user == role.name)
        }
    }

    @Test func `of several hosts the first that answers is taken`() throws {
        let server = try PostgresServer.address()
        let closed = try SilentServer(listens: false)
        let silent = try SilentServer()
        let dead = "127.0.0.1:\(closed.port)"
        let deaf = "127.0.0.1:\(silent.port)"
        let live = "\(server.host):\(server.port)"
        for hosts in ["\(dead),\(live)", "\(deaf),\(live)", "\(dead),\(deaf),\(live),\(deaf)"] {
            let connection = try PostgresConnection(
                PostgresOptions(
                    url: DatabaseURL("postgres://postgres@\(hosts)/postgres"),
                    connectTimeout: .milliseconds(300)))
            #expect(connection.port == server.port, "\(hosts)")
        }
    }

    // MARK: Failure

    @Test func `a database that is not there has its own code`() throws {
        let url = try PostgresServer.url(database: "no_such_database")
        let error = try refused(url.text)
        #expect(error.code == .databaseMissing)
        #expect(error.sqlState == "3D000")
        #expect(error.message.contains("database \"no_such_database\" does not exist"))
        #expect(!error.message.contains("3D000") && !error.message.contains("FATAL"))
        #expect(error.hint?.contains("createdb") == true)
    }

    @Test func `a wrong and a missing password are told from each other`() throws {
        let role = try TestRole()
        let wrong = try refused(role.url(database: "postgres", password: "s3cretwrong").text)
        #expect(wrong.code == .cannotConnect)
        #expect(wrong.sqlState == "28P01")
        #expect(wrong.message.contains(role.name))
        let bare = try PostgresServer.url(database: "postgres", user: role.name).text
        let none = try refused(bare + "?passfile=/nowhere/pass")
        #expect(none.code == .cannotConnect)
        #expect(none.hint?.contains("password_file") == true)
        let given = try refused(bare, password: "s3cretgiven")
        #expect(given.sqlState == "28P01")
    }

    @Test func `a role that does not exist is told`() throws {
        let url = try PostgresServer.url(database: "postgres", user: "nobody_here")
        let error = try refused(url.text)
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("nobody_here"))
        #expect(error.hint != nil)
    }

    @Test func `a port where nobody listens refuses`() throws {
        let closed = try SilentServer(listens: false)
        let error = try refused("postgres://u:s3cret@127.0.0.1:\(closed.port)/d")
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("Connection refused"))
        #expect(error.message.contains("\(closed.port)"))
        #expect(error.hint != nil)
    }

    @Test func `a socket that is not there is told`() throws {
        let error = try refused("host=/nowhere user=u password=s3cret dbname=d")
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("/nowhere"))
        #expect(error.hint != nil)
    }

    @Test func `a host without an address is told`() throws {
        let error = try refused("postgres://u:s3cret@no-such-host.invalid/d")
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("no-such-host.invalid"))
        #expect(error.hint?.contains("name of the host") == true)
    }

    @Test func `a server that says nothing is given up after the time allowed`() throws {
        let silent = try SilentServer()
        let url = "postgres://u:s3cret@127.0.0.1:\(silent.port)/d"
        let clock = ContinuousClock()
        let start = clock.now
        let error = try refused(url, timeout: .milliseconds(200))
        #expect(clock.now - start >= .milliseconds(200))
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("127.0.0.1:\(silent.port)"))
        #expect(error.message.contains("200 ms"))
        // The URL's own limit wins over the options'.
        let longer = try refused(url + "?connect_timeout=2", timeout: .milliseconds(1))
        #expect(longer.message.contains("2 s"))
    }

    @Test func `connecting can be interrupted`() throws {
        let silent = try SilentServer()
        var questions = 0
        let error = try refused(
            "postgres://u:s3cret@127.0.0.1:\(silent.port)/d",
            isCancelled: {
                questions += 1
                return questions > 2
            })
        #expect(error.code == .cancelled)
    }

    @Test(arguments: ["sslmode=s", "connect_timeout=soon", "port=12345678", "gssencmode=x"])
    func `a parameter with a value of no sense is the URL's fault`(parameter: String) throws {
        let error = try refused("postgres://u:s3cret@127.0.0.1/d?\(parameter)")
        #expect(error.code == .invalidURL)
        #expect(error.hint != nil)
    }

    @Test func `TLS that is required and not there is told`() throws {
        let url = try PostgresServer.url(database: "postgres").text
        let error = try refused(url + "?sslmode=require")
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("SSL"))
        #expect(error.hint?.contains("sslmode") == true)
    }

    @Test func `of several hosts that fail each is named on one line`() throws {
        let closed = try SilentServer(listens: false)
        let other = try SilentServer(listens: false)
        let error = try refused(
            "postgres://u:s3cret@127.0.0.1:\(closed.port),127.0.0.1:\(other.port)/d")
        #expect(error.message.contains("\(closed.port)"))
        #expect(error.message.contains("\(other.port)"))
        let missing = try PostgresServer.address()
        let mixed = try refused(
            "postgres://postgres@127.0.0.1:\(closed.port),\(missing.host):\(missing.port)/nope")
        #expect(mixed.code == .databaseMissing)
    }

    @Test func `a server that has no connection left is told`() throws {
        let database = try TestDatabase()
        let admin = try PostgresServer.connect()
        let role = try TestRole(attributes: "CONNECTION LIMIT 1")
        let first = try PostgresConnection(PostgresOptions(url: role.url(database: database.name)))
        let error = try refused(role.url(database: database.name).text)
        #expect(error.sqlState == "53300")
        #expect(error.hint?.contains("free connection") == true)
        first.close()
        admin.close()
    }
}
