package import Database

/// Whose way of naming and writing migrations a folder follows.
///
/// The raw values stand in migrate.yaml, on the command line and in JSON.
package enum Layout: String, Sendable, Hashable, CaseIterable {
    /// `001_name.up.sql`, `.down.sql`, `.verify.sql`, `R__name.sql`.
    case native
    /// `001_name.sql` with `-- migrate:up` and `-- migrate:down`.
    case dbmate
    /// `1_name.up.sql`, `1_name.down.sql`, each sent as one query.
    case golangMigrate = "golang-migrate"
    /// `001_name.sql` with `-- +goose Up` and `-- +goose Down`.
    case goose
    /// `V1.2__name.sql`, `U1.2__name.sql`, `R__name.sql`, `B1.2__name.sql`.
    case flyway
    /// `1_name.sql`, or `1_name.up.sql` and `1_name.down.sql`.
    case sqlx
    /// `2024-01-31-120000_name/up.sql` and `down.sql`.
    case diesel
    /// `20240131120000_name/migration.sql`.
    case prisma
    /// `001_name.sql` with `-- +migrate Up` and `-- +migrate Down`.
    case sqlMigrate = "sql-migrate"
    /// `sqitch.plan`, `deploy/name.sql`, `revert/name.sql`, `verify/name.sql`.
    case sqitch

    /// The name as its makers write it.
    package var title: String {
        switch self {
        case .native: "migrate"
        case .flyway: "Flyway"
        case .prisma: "Prisma"
        case .sqitch: "Sqitch"
        default: rawValue
        }
    }

    /// The layout of a folder: the given one, or what the folder tells.
    ///
    /// - Throws: `.invalidFiles` where it can be read in more than one way.
    static func of(
        _ listing: FolderListing, given: Layout?
    ) throws(MigrationError) -> Layout {
        if let given { return given }
        return try LayoutDetection(listing).layout()
    }

    var reader: any LayoutReader {
        switch self {
        case .native: NativeLayout()
        case .dbmate: DbmateLayout()
        case .golangMigrate, .sqlx: PairedLayout(layout: self)
        case .goose: GooseLayout()
        case .flyway: FlywayLayout()
        case .diesel, .prisma: FolderLayout(layout: self)
        case .sqlMigrate: SQLMigrateLayout()
        case .sqitch: SqitchLayout()
        }
    }
}

/// Reads the folders of one tool: which files are which migration, and what of a file runs how.
protocol LayoutReader: Sendable {
    /// How a file says that it runs outside a transaction, for a hint.
    var withoutTransaction: String { get }

    /// Sorts the files of a folder into migrations.
    ///
    /// - Throws: `.invalidFiles`, naming the file.
    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder

    /// What of a file runs, and how.
    ///
    /// - Throws: `.invalidFiles` with line and column.
    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText

    /// The files of a new migration in the folder, in the order in which they are written.
    ///
    /// - Throws: `.invalidFiles`.
    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles
}

extension LayoutReader {
    var withoutTransaction: String { "Put '-- migrate: no-transaction' at the top of the file" }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText { ScriptText(bytes) }
}

/// What of a file runs.
struct ScriptText {
    /// The bytes that are parsed: those of the file, with spaces where something is not part of it, so
    /// that each place is that of the file.
    var bytes: [UInt8]
    /// The part's own bytes, of which the checksum is taken; nil where they are `bytes`.
    var own: [UInt8]?
    /// Comments in front of the part that are about all of the file.
    var header: [UInt8] = []
    /// The same before variables were filled in, of which the content digest is taken; nil where they are
    /// `bytes`.
    var raw: [UInt8]?
    /// Where the first place stands that was filled in; nil where there is none.
    var firstPlace: Int?
    /// True where the layout says that it runs outside a transaction.
    var noTransaction = false
    /// True for verify queries that may return rows, and only must not fail.
    var allowsRows = false
    /// True where the tool sends the file as it is: then a `BEGIN … COMMIT` around all of it is ours, and
    /// a statement that can be in no transaction puts the file outside of one.
    var isFree = false
    /// Where further parts begin that run before those in front of them; empty where all run in order.
    var reversedStarts: [Int] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// The names in a folder of migrations.
struct FolderListing {
    /// The folder as it was given.
    let path: String
    /// Its entries, without hidden ones, sorted by their bytes.
    let names: [String]

    /// Lists a folder.
    ///
    /// - Throws: `.invalidFiles` where it cannot be read.
    init(_ path: String) throws(MigrationError) {
        self.path = path
        do {
            names = try Files.list(path).filter { !$0.hasPrefix(".") }
        } catch {
            throw MigrationError(
                .invalidFiles, "the migrations folder '\(path)' cannot be read: \(error.reason)",
                hint: "'migrate new NAME' creates it. Or name another one with --dir or with "
                    + "'migrations:' in migrate.yaml.")
        }
    }

    /// An empty one, of a folder that is not there yet.
    init(absent path: String) {
        self.path = path
        names = []
    }

    private init(_ path: String, names: [String]) {
        self.path = path
        self.names = names
    }

    /// The same with what stands in folders below, each name with its folders.
    ///
    /// - Throws: `.invalidFiles` where one cannot be read.
    func withFolders() throws(MigrationError) -> FolderListing {
        var all: [String] = []
        for name in names {
            guard !name.hasSuffix(".sql"), Files.isFolder(path(of: name)) else {
                all.append(name)
                continue
            }
            let below = try FolderListing(path(of: name)).withFolders()
            all += below.names.map { name + "/" + $0 }
        }
        return FolderListing(path, names: all)
    }

    /// The path of an entry, or of something in one: `2024_a/up.sql`.
    func path(of name: String) -> String {
        path.hasSuffix("/") ? path + name : path + "/" + name
    }

    /// The entries that end in `.sql`. One that ends in other letters of it would be passed over in
    /// silence, a migration that never runs.
    ///
    /// - Throws: `.invalidFiles`.
    func scripts() throws(MigrationError) -> [String] {
        var scripts: [String] = []
        for name in names {
            let ending = name.suffix(4)
            guard ending.lowercased() == ".sql" else { continue }
            guard ending == ".sql" else {
                throw .file(
                    name, "the name ends in '\(ending)'",
                    hint: "Name it '\(name.dropLast(4)).sql'.")
            }
            scripts.append(name)
        }
        return scripts
    }

    /// The bytes of an entry.
    ///
    /// - Throws: `.invalidFiles`.
    func read(_ name: String) throws(MigrationError) -> [UInt8] {
        do throws(Files.Failure) {
            return try Files.read(path(of: name))
        } catch {
            throw .file(
                name, "the file cannot be read: \(error.reason)",
                hint: "Check that it is a file, and its permissions.")
        }
    }
}

extension MigrationFolder {
    /// Lists the folder and sorts its files into migrations. Files of tools that keep the ways up and
    /// down in one file are read, others are not.
    ///
    /// Hidden files are not looked at, nor are those that do not end in `.sql` where the layout has no use
    /// for them.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - dialect: whose variants count.
    ///   - layout: whose files they are; nil where the folder tells.
    /// - Returns: what stands in it.
    /// - Throws: `.invalidFiles`, naming the file: no folder, a name that is none of a migration,
    ///   two files of one version, a down or verify file without its up file; a folder that can be
    ///   read in more than one way.
    package static func discover(
        _ path: String, dialect: Dialect, layout: Layout? = nil
    ) throws(MigrationError) -> MigrationFolder {
        let listing = try FolderListing(path)
        return try Layout.of(listing, given: layout).reader.folder(listing, dialect)
    }
}
