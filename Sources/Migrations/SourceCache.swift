internal import Database
internal import SQLText

/// Reads each file once in a run, so that what was planned is what runs even if a file changes in
/// between, and keeps the text of those only that may run.
final class SourceCache {
    let folder: MigrationFolder
    private let dialect: Dialect
    private let variable: @Sendable (String) -> String?
    /// The folder's migrations by version.
    let migrations: [Version: Migration]
    private var checksums: [String: String] = [:]
    private var scripts: [String: Script] = [:]

    /// Creates one; `variable` gives the value of a variable of the process, nil where it is not set.
    init(
        folder: MigrationFolder, dialect: Dialect,
        variable: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.variable = variable
        self.folder = folder
        migrations = Dictionary(
            uniqueKeysWithValues: folder.migrations.map { ($0.version, $0) })
        self.dialect = dialect
    }

    /// The checksum of an up file; the text is not kept.
    func checksum(of file: MigrationFile) throws(MigrationError) -> String {
        if let known = checksums[file.key] { return known }
        // What variables hold is of no interest here, and need not be there.
        let checksum =
            file.part == .whole
            ? Checksum.text(try Checksum.bytes(of: file, allowsEmpty: false))
            : try Checksum.text(of: file, allowsEmpty: false) { _ in "" }.checksum
        checksums[file.key] = checksum
        return checksum
    }

    /// The parsed file; its statements are checked against how it asks to be run.
    func script(of file: MigrationFile, allowsEmpty: Bool) throws(MigrationError) -> Script {
        if let known = scripts[file.key] { return known }
        let script = try Script.read(
            file, dialect: dialect, allowsEmpty: allowsEmpty, variable: variable)
        try script.checkStatements()
        scripts[file.key] = script
        checksums[file.key] = script.checksum
        return script
    }

    /// The parsed verify file.
    ///
    /// - Returns: nil for one that can only be run as Sqitch does it.
    /// - Throws: as `script`; also for one that asks to run without a transaction, for it runs in
    ///   its migration's.
    func verifyScript(of file: MigrationFile) throws(MigrationError) -> Script? {
        let script = try script(of: file, allowsEmpty: true)
        // One of Sqitch's that ends transactions itself is left to Sqitch.
        if file.layout == .sqitch, script.directives.noTransaction { return nil }
        guard !script.directives.noTransaction else {
            throw .file(
                file.name, "'no-transaction' in a file of verify queries",
                hint: "Delete the line: the queries run inside their migration's transaction, or "
                    + "in one of their own where it has none.")
        }
        return script
    }

    /// The parsed file of a migration that another tool has run: its statements are not judged.
    func unjudgedScript(of file: MigrationFile) throws(MigrationError) -> Script {
        try Script.read(file, dialect: dialect, allowsEmpty: true, variable: variable)
    }

    /// What planning needs to know of every file, given what is applied: only files that did not
    /// run, or that differ from what ran, are parsed.
    func facts(_ history: [HistoryRow]) throws(MigrationError) -> [FileFacts] {
        var rows: [Version: HistoryRow] = [:]
        for row in history { if let number = row.number { rows[number] = row } }
        var facts: [FileFacts] = []
        facts.reserveCapacity(folder.migrations.count)
        for migration in folder.migrations {
            var fact = FileFacts(migration: migration)
            let row = rows[migration.version]
            if let up = migration.up {
                if let row, row.state == .applied {
                    let checksum = try checksum(of: up)
                    fact.checksum = checksum
                    if let recorded = row.checksum, recorded != checksum {
                        fact.contentDigest = try contentDigest(of: up)
                    }
                } else {
                    let script = try script(of: up, allowsEmpty: false)
                    fact.checksum = script.checksum
                    fact.contentDigest = script.contentDigest
                    fact.directives = script.directives
                }
            }
            facts.append(fact)
        }
        return facts
    }

    /// The digest without comments of a file that was edited after it ran; its statements are not
    /// judged, for they run no more.
    func contentDigest(of file: MigrationFile) throws(MigrationError) -> String {
        guard file.layout == .native else { return try unjudgedScript(of: file).contentDigest }
        return Checksum.content(
            Checksum.withoutByteOrderMark(try Checksum.bytes(of: file, allowsEmpty: true)),
            dialect == .postgres ? .postgres : .sqlite)
    }

    /// The same for the repeatable migrations.
    func repeatableFacts() throws(MigrationError) -> [RepeatableFacts] {
        var facts: [RepeatableFacts] = []
        for migration in folder.repeatables {
            let script = try script(of: migration.file, allowsEmpty: false)
            facts.append(
                RepeatableFacts(
                    migration: migration, checksum: script.checksum,
                    contentDigest: script.contentDigest))
        }
        return facts
    }
}
