package import Database

/// What is needed to open a connection to PostgreSQL.
package struct PostgresOptions {
    /// The address: any form that libpq reads. Secret.
    package var url: DatabaseURL
    /// A password that takes the place of one in the URL, the environment or a pass file. Secret.
    package var password: String?
    /// A database in the place of the URL's, on the same server.
    package var database: String?
    /// How long to wait for a host to answer, zero without limit; `connect_timeout` in the URL or
    /// PGCONNECT_TIMEOUT win.
    package var connectTimeout: Duration
    /// The name that pg_stat_activity shows, unless the URL or PGAPPNAME give one.
    package var applicationName: String
    /// Asked some twenty times a second while connecting; true ends the attempt.
    package var isCancelled: () -> Bool

    /// Creates options.
    package init(
        url: DatabaseURL, password: String? = nil, database: String? = nil,
        connectTimeout: Duration = .seconds(10), applicationName: String = "migrate",
        isCancelled: @escaping () -> Bool = { false }
    ) {
        self.url = url
        self.password = password
        self.database = database
        self.connectTimeout = connectTimeout
        self.applicationName = applicationName
        self.isCancelled = isCancelled
    }
}
