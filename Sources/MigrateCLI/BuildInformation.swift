internal import PostgresDriver
internal import ProjectConfig
internal import SQLiteDriver

/// What `--version` says.
enum BuildInformation {
    /// The program's version.
    static let version = "0.1.0"

    /// libpq's version; nil where it is not installed. libpq is opened for it.
    private static var postgresLibrary: String? { try? PostgresLibrary.version() }

    /// The program with the libraries that it runs with.
    static var text: String {
        "migrate \(version) (libpq \(postgresLibrary ?? "not installed"), "
            + "SQLite \(SQLiteLibrary.version), libyaml \(ConfigFile.libraryVersion))"
    }

    /// The same for a JSON document.
    static var facts: [String: JSONValue] {
        [
            "version": .string(version), "libpq": JSONValue(postgresLibrary),
            "sqlite": .string(SQLiteLibrary.version), "libyaml": .string(ConfigFile.libraryVersion),
        ]
    }
}
