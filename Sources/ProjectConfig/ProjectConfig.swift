/// Which naming scheme the migration files follow.
package enum MigrationLayout: String, Sendable, CaseIterable {
    /// Found out from the files.
    case auto
    /// This program's own: `VERSION_name.up.sql`.
    case native
    /// dbmate's.
    case dbmate
    /// golang-migrate's.
    case golangMigrate = "golang-migrate"
    /// goose's.
    case goose
    /// Flyway's.
    case flyway
    /// sqlx's.
    case sqlx
    /// diesel's.
    case diesel
    /// Prisma's.
    case prisma
    /// rubenv/sql-migrate's.
    case sqlMigrate = "sql-migrate"
    /// Sqitch's.
    case sqitch
}

/// A tool whose history table can be kept current with ours.
package enum AlsoWrite: String, Sendable, CaseIterable {
    /// dbmate's.
    case dbmate
    /// golang-migrate's.
    case golangMigrate = "golang-migrate"
}

/// How a run uses transactions.
package enum TransactionMode: String, Sendable, CaseIterable {
    /// One for each migration.
    case each
    /// One for the whole run.
    case all
}

/// How chunks of snapshots are stored.
package enum SnapshotCodec: String, Sendable, CaseIterable {
    /// Zstandard.
    case zstd
    /// gzip.
    case gzip
}

/// Where snapshots are kept: the keys of `snapshots`.
package struct SnapshotSettings: Sendable, Hashable {
    /// The repository's folder, joined to the file's; nil where the file does not say.
    package var repository: String?
    /// How new chunks are stored; nil where the file does not say.
    package var codec: SnapshotCodec?

    /// Creates settings.
    package init(repository: String? = nil, codec: SnapshotCodec? = nil) {
        self.repository = repository
        self.codec = codec
    }
}

/// How a run keeps other runs away on PostgreSQL.
package enum LockMode: String, Sendable, CaseIterable {
    /// An advisory lock of the session that runs the migrations.
    case session
    /// A table with a heartbeat, for use behind a transaction pooler.
    case lease
}

/// The name of the history table: ASCII letters, digits and underscores, at most 58 characters, so
/// that the suffixes of the log and the lease still fit in an identifier of PostgreSQL.
package struct TableName: Sendable, Hashable, CustomStringConvertible {
    /// The schema; nil for the database's default.
    package var schema: String?
    /// The table.
    package var name: String

    /// Creates a name from its parts, unchecked.
    package init(schema: String? = nil, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Reads `name` or `schema.name`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isIdentifier) else {
            return nil
        }
        schema = parts.count == 2 ? String(parts[0]) : nil
        name = String(parts[parts.count - 1])
    }

    /// `name` or `schema.name`.
    package var description: String { schema.map { "\($0).\(name)" } ?? name }

    private static func isIdentifier(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 58 else { return false }
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        return !isDigit && text.utf8.allSatisfy(Variables.isNameByte)
    }
}

/// How a run behaves: the keys of `defaults`, which every environment can override.
package struct RunOptions: Sendable, Hashable {
    /// How long a statement waits for a lock in the database; zero is without limit.
    package var lockTimeout: Duration
    /// How long a run waits for another run; zero is not at all.
    package var lockWait: Duration
    /// How often a migration is tried again after `lockTimeout` ran out.
    package var lockRetries: Int
    /// How long a statement may run; nil is without limit.
    package var statementTimeout: Duration?
    /// How long connecting may take; zero is without limit.
    package var connectTimeout: Duration
    /// How transactions are used.
    package var transaction: TransactionMode
    /// How other runs are kept away.
    package var lock: LockMode

    /// Creates options; those left out are the program's defaults, which hold also where there is
    /// no file.
    package init(
        lockTimeout: Duration = .seconds(5), lockWait: Duration = .seconds(60),
        lockRetries: Int = 10, statementTimeout: Duration? = nil,
        connectTimeout: Duration = .seconds(10), transaction: TransactionMode = .each,
        lock: LockMode = .session
    ) {
        self.lockTimeout = lockTimeout
        self.lockWait = lockWait
        self.lockRetries = lockRetries
        self.statementTimeout = statementTimeout
        self.connectTimeout = connectTimeout
        self.transaction = transaction
        self.lock = lock
    }
}

/// When an environment is verified by itself.
package struct VerifyPolicy: Sendable, Hashable {
    /// Inside the migration's transaction, so that a finding rolls it back.
    package var beforeCommit: Bool
    /// After `up` is done.
    package var after: Bool

    /// Creates a policy.
    package init(beforeCommit: Bool = false, after: Bool = false) {
        self.beforeCommit = beforeCommit
        self.after = after
    }
}

/// A command whose standard output is the password.
package enum PasswordCommand: Sendable, Hashable {
    /// A line for the shell, from a string in the file.
    case shell(String)
    /// A program and its arguments, from a list in the file; never empty.
    case arguments([String])
}

/// One environment with everything filled in: variables, the file's defaults, the program's.
package struct EnvironmentConfig: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Where in the file it is defined: line, from 1.
    package var line: Int
    /// Where in the file it is defined: column, from 1.
    package var column: Int
    /// Where its `url` stands: line, from 1; nil where it has none.
    package var urlLine: Int?
    /// Where its `url` stands: column, from 1; nil where it has none.
    package var urlColumn: Int?
    /// The database's URL, as written once variables are filled in; may hold a password. A relative
    /// path in it is not resolved.
    package var url: String?
    /// The file that holds the password; relative paths were joined to the config file's folder.
    package var passwordFile: String?
    /// The command that prints the password. Never set together with `passwordFile`.
    package var passwordCommand: PasswordCommand?
    /// Whether commands that lose data are refused here.
    package var isProtected: Bool
    /// When it is verified.
    package var verify: VerifyPolicy
    /// What it demands of a release.
    package var rules: ReleaseRules
    /// How runs behave here.
    package var options: RunOptions
}

/// What a `migrate.yaml` says. Every environment was checked for unknown keys and wrong types;
/// variables are looked up only by `environment(_:variables:)`.
package struct ProjectConfig: Sendable {
    /// The file's path, as it was given.
    package let path: String
    /// The file's folder; relative paths in the file start here.
    package let folder: String
    /// The migrations' folder, joined to `folder`; default `migrations`.
    package let migrations: String
    /// The folder of the user's own verification queries, joined to `folder`; default: `verify`
    /// beside the migrations' folder.
    package let verifyFiles: String
    /// The naming scheme of the migration files.
    package let layout: MigrationLayout
    /// The history table; default `schema_migrations`.
    package let historyTable: TableName
    /// The tool whose table every run keeps current with ours; nil for none.
    package let alsoWrite: AlsoWrite?
    /// The environment that is used when none is named; nil where the file does not say.
    package let defaultEnvironment: String?
    /// The file's `defaults` over the program's.
    package let defaults: RunOptions
    /// Where snapshots are kept.
    package let snapshots: SnapshotSettings

    let environments: [EnvironmentNode]
    let environmentsMark: YAMLMark

    /// The environments' names in the order of the file.
    package var environmentNames: [String] { environments.map(\.name) }

    /// An environment with its variables filled in.
    ///
    /// Only this environment's values are looked at: a variable that another one needs may be
    /// missing.
    ///
    /// - Parameters:
    ///   - name: one of `environmentNames`.
    ///   - needsAddress: false where `url` and the password are of no interest: they stay nil, and
    ///     their variables need not be set.
    ///   - variables: the value of a variable of the process environment; nil where it is not set.
    /// - Returns: the environment with the defaults merged in.
    /// - Throws: `.unknownEnvironment`, `.undefinedVariable`, and `.invalidValue` where a value
    ///   makes no sense once its variables are filled in.
    package func environment(
        _ name: String, needsAddress: Bool = true, variables: (String) -> String?
    ) throws(ConfigError) -> EnvironmentConfig {
        guard let found = environments.first(where: { $0.name == name }) else {
            throw unknownEnvironment(name)
        }
        return try found.resolved(variables, self, needsAddress: needsAddress)
    }

    private func unknownEnvironment(_ name: String) -> ConfigError {
        guard !environments.isEmpty else {
            return ConfigError(
                .unknownEnvironment,
                "there is no environment \(Wording.quoted(name)): the file defines none",
                hint: "Add it under 'environments', or name a database with '--url'.",
                file: path, at: environmentsMark)
        }
        let known = "The environments are \(environmentNames.joined(separator: ", "))."
        let nearest = Spelling.nearest(to: name, in: environmentNames)
        return ConfigError(
            .unknownEnvironment, "there is no environment \(Wording.quoted(name))",
            hint: (nearest.map { "Did you mean '\($0)'? " } ?? "") + known,
            file: path, at: environmentsMark)
    }
}
