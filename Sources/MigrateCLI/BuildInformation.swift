internal import PostgresDriver
internal import ProjectConfig
internal import SQLiteDriver

/// What `--version` says.
enum BuildInformation {
    /// The program's version.
    static let version = "0.1.0"

    /// The program with the libraries that it runs with. libpq is opened for it.
    static var text: String {
        let postgres = (try? PostgresLibrary.version()) ?? "not installed"
        return "migrate \(version) (libpq \(postgres), SQLite \(SQLiteLibrary.version), "
            + "libyaml \(ConfigFile.libraryVersion))"
    }
}
