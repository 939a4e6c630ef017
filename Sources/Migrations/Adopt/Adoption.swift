/// A migration that `adopt` records, as another tool's history has it.
package struct AdoptedMigration: Sendable {
    /// The version under which it is recorded, or `R__name`.
    package var version: String
    /// Its name.
    package var name: String
    /// When the other tool applied it: RFC 3339, UTC; nil where it keeps no time.
    package var appliedAt: String?
    /// Who applied it, as far as the other tool knows.
    package var appliedBy: String?
    /// The name of its file; nil for a baseline without one.
    package var file: String?
    /// How the file compares with the other tool's checksum.
    package var checksum: ForeignChecksum.Verdict
    /// Where the row comes from.
    var source: Source

    enum Source: Sendable {
        case migration(Migration)
        case repeatable(RepeatableMigration)
        case baseline
    }
}

/// What keeps a history from being taken over.
package struct AdoptionProblem: Sendable {
    /// The kinds. The raw values stand in JSON.
    package enum Kind: String, Sendable {
        /// The other tool's last run failed, or has never ended.
        case failed
        /// The file was changed after the other tool ran it.
        case edited
        /// The other tool ran it, and there is no file.
        case missing
        /// It is no SQL file.
        case unsupported
        /// The other tool's table has the name of ours.
        case nameTaken = "name_taken"
    }

    /// The kind.
    package var kind: Kind
    /// What it is about: the other tool's version or name; nil where it is about the table.
    package var version: String?
    /// The file, where there is one.
    package var file: String?
    /// Lower case, no full stop.
    package var message: String
    /// What to do.
    package var hint: String?

    /// The problem as the error that refuses the adoption.
    package var error: MigrationError {
        let code: MigrationError.Code =
            switch kind {
            case .failed, .unsupported: .refused
            case .edited: .checksumMismatch
            case .missing: .missing
            case .nameTaken: .foreignHistory
            }
        var error = MigrationError(code, message, hint: hint, versions: version.map { [$0] } ?? [])
        if let file {
            error.failed = .init(version: "", name: "", file: file)
        }
        return error
    }
}

/// What `adopt` does, or would do.
package struct Adoption: Sendable {
    /// Whose history it is.
    package let tool: HistoryTool
    /// Where it stands, as a person writes it.
    package let table: String
    /// What is recorded: versioned migrations in their order, then repeatable ones.
    package var migrations: [AdoptedMigration] = []
    /// What stands against it; where this is not empty, nothing is recorded.
    package var problems: [AdoptionProblem] = []
    /// Further facts for a person, each a line.
    package var notes: [String] = []
    /// How many of the folder's migrations the other tool has not applied.
    package var pending = 0
    /// True where an earlier run has taken it over already.
    package var isDone = false
    /// The id of the run that recorded it; nil where nothing was recorded.
    package var runID: String?
    /// The environment that the database is stamped with.
    package var stamp: String?

    /// True where only the newest version is taken over.
    package var isBaseline: Bool { !tool.hasReadableFiles }
}

/// Matches another tool's history with the files. Reads files through `bytes` and nothing else.
struct AdoptionPlanner {
    let history: ForeignHistory
    let folder: MigrationFolder
    /// A file's bytes, as they are.
    let bytes: (MigrationFile) throws(MigrationError) -> [UInt8]

    private var tool: HistoryTool { history.tool }

    func plan() throws(MigrationError) -> Adoption {
        var adoption = Adoption(tool: tool, table: history.table.shown)
        adoption.problems = history.failed.map(failure)
        if tool.hasReadableFiles {
            try match(&adoption)
        } else {
            baseline(&adoption)
        }
        return adoption
    }

    // MARK: Tools whose files are read

    private func match(_ adoption: inout Adoption) throws(MigrationError) {
        var taken: [Version: AdoptedMigration] = [:]
        if let upTo = history.upTo { try cover(upTo, &taken, &adoption) }
        for record in ownRecords(&adoption) {
            guard let migration = try migration(of: record, taken) else {
                adoption.problems.append(missing(record))
                continue
            }
            let verdict = try verdict(record, migration.up)
            if verdict == .edited { adoption.problems.append(edited(record, migration.up)) }
            taken[migration.version] = adopted(migration, record, verdict)
        }
        adoption.migrations = taken.keys.sorted().compactMap { taken[$0] }
        let left = folder.migrations.filter { taken[$0.version] == nil && $0.up != nil }
        adoption.pending = left.count
        let newest = taken.keys.max()
        let late = left.filter { migration in newest.map { migration.version < $0 } ?? false }
        if !late.isEmpty {
            adoption.notes.append(
                "\(UpPlanner.list(late.map(\.version.text))) "
                    + "\(late.count == 1 ? "is" : "are") older than what is applied, and "
                    + "\(tool.title) has not run \(late.count == 1 ? "it" : "them")")
        }
        for record in history.repeatables { try matchRepeatable(record, &adoption) }
    }

    /// The rows that are about this folder: Sqitch keeps those of several projects in one table.
    private func ownRecords(_ adoption: inout Adoption) -> [ForeignRecord] {
        guard tool == .sqitch, let project = folder.project else { return history.applied }
        let own = history.applied.filter { $0.kind == project }
        let others = Set(history.applied.compactMap(\.kind)).subtracting([project]).sorted()
        if !others.isEmpty {
            adoption.notes.append(
                "changes of other projects are left out: \(others.joined(separator: ", "))")
        }
        return own
    }

    /// A version that stands for all up to it.
    private func cover(
        _ record: ForeignRecord, _ taken: inout [Version: AdoptedMigration],
        _ adoption: inout Adoption
    ) throws(MigrationError) {
        guard let last = try migration(of: record, taken) else {
            // A baseline of Flyway's need not have a file; golang-migrate's version is one.
            if tool == .flyway, let version = record.version.flatMap({ Version($0) }) {
                for migration in folder.migrations where migration.version <= version {
                    taken[migration.version] = adopted(migration, record, .unknown)
                }
            } else {
                adoption.problems.append(missing(record))
            }
            return
        }
        for migration in folder.migrations
        where migration.version <= last.version && migration.up != nil {
            taken[migration.version] = adopted(migration, record, .unknown)
        }
    }

    private func matchRepeatable(
        _ record: ForeignRecord, _ adoption: inout Adoption
    ) throws(MigrationError) {
        let found = folder.repeatables.first { repeatable in
            record.file.map { Self.lastPart($0) == Self.lastPart(repeatable.file.name) } ?? false
                || Self.words(record.name ?? "") == Self.words(repeatable.name)
        }
        guard let found else {
            adoption.notes.append(
                "the repeatable migration '\(record.name ?? "")' has no file; it is left out")
            return
        }
        let verdict = try verdict(record, found.file)
        guard verdict != .edited else {
            adoption.notes.append(
                "\(found.key) was changed since \(tool.title) ran it; it runs with the next 'up'")
            return
        }
        adoption.migrations.append(
            AdoptedMigration(
                version: found.key, name: found.name, appliedAt: record.appliedAt,
                appliedBy: record.appliedBy, file: found.file.name, checksum: verdict,
                source: .repeatable(found)))
    }

    private func adopted(
        _ migration: Migration, _ record: ForeignRecord, _ verdict: ForeignChecksum.Verdict
    ) -> AdoptedMigration {
        AdoptedMigration(
            version: migration.version.text, name: migration.name, appliedAt: record.appliedAt,
            appliedBy: record.appliedBy, file: migration.up?.name, checksum: verdict,
            source: .migration(migration))
    }

    private func verdict(
        _ record: ForeignRecord, _ file: MigrationFile?
    ) throws(MigrationError) -> ForeignChecksum.Verdict {
        guard let file, record.checksum != nil else { return .unknown }
        return ForeignChecksum.compare(record.checksum, of: tool, with: try bytes(file))
    }

    /// The migration that a row is of: by its file, its version or its name, whichever the tool keeps. Of
    /// several of one name, changes of Sqitch's that were reworked, the one whose script has the row's
    /// checksum, or the first that no row before it has `taken`.
    private func migration(
        of record: ForeignRecord, _ taken: [Version: AdoptedMigration]
    ) throws(MigrationError) -> Migration? {
        if let file = record.file.map(Self.lastPart) {
            if let found = folder.migrations.first(where: { migration in
                migration.up.map { Self.lastPart($0.name) == file } ?? false
            }) {
                return found
            }
        }
        if let version = record.version {
            return folder.migrations.first { $0.version.text == version }
                ?? Version(version).flatMap { number in
                    folder.migrations.first { $0.version == number }
                }
        }
        guard let name = record.name ?? record.file else { return nil }
        let left = folder.migrations.filter { $0.name == name && taken[$0.version] == nil }
        for migration in left where left.count > 1 {
            if try verdict(record, migration.up) == .verified { return migration }
        }
        if let first = left.first { return first }
        return folder.migrations.first { $0.name == name }
            ?? Self.numbered(name).flatMap { version, rest in
                folder.migrations.first { $0.version == version && $0.name == rest }
            }
    }

    /// `20240101000000_init` of Prisma and `1_initial.sql` of sql-migrate, as the number and the rest.
    private static func numbered(_ name: String) -> (Version, Substring)? {
        let stem = name.hasSuffix(".sql") ? name.dropLast(4) : name[...]
        let digits = stem.prefix { $0.isASCII && $0.isNumber }
        let rest = stem[digits.endIndex...]
        guard let version = Version(digits), let separator = rest.first, "_-".contains(separator)
        else { return nil }
        return (version, rest.dropFirst())
    }

    private static func lastPart(_ path: String) -> Substring {
        path.split(separator: "/").last ?? ""
    }

    private static func words(_ name: String) -> String {
        String(name.map { $0 == "_" ? " " : $0 })
    }

    // MARK: Tools whose files are not read

    /// The newest row becomes one row of ours; where there is a file of its version, that file and all
    /// before it are what was applied.
    private func baseline(_ adoption: inout Adoption) {
        guard let newest = newest() else { return }
        let label = newest.label
        let number = Version(label.prefix { $0.isASCII && $0.isNumber })
        if let number, folder.migrations.contains(where: { $0.version == number }) {
            adoption.migrations = folder.migrations.filter {
                $0.version <= number && $0.up != nil
            }.map { adopted($0, newest, .unknown) }
        } else {
            let version = number?.text ?? "0"
            adoption.migrations = [
                AdoptedMigration(
                    version: version, name: "\(tool.rawValue) \(label)",
                    appliedAt: newest.appliedAt, appliedBy: newest.appliedBy, file: nil,
                    checksum: .unknown, source: .baseline)
            ]
            if version.contains(where: { $0 != "0" }) {
                adoption.notes.append(
                    "the next migration needs a version above \(version): a UTC timestamp is one "
                        + "where \(version) is, and 'migrate new' goes on from the folder's newest")
            }
        }
        let count = history.applied.count
        if tool != .alembic, count > 1 {
            adoption.notes.append(
                "\(tool.title)'s \(count) migrations are taken over as one baseline: its files are "
                    + "not read")
        }
        let recorded = Set(adoption.migrations.map(\.version))
        adoption.pending = folder.migrations.count { !recorded.contains($0.version.text) }
    }

    private func newest() -> ForeignRecord? {
        let numbered = history.applied.compactMap { record in
            record.version.flatMap { Version($0) }.map { ($0, record) }
        }
        guard numbered.count == history.applied.count else { return history.applied.last }
        return numbered.max { $0.0 < $1.0 }?.1
    }

    // MARK: What stands against it

    private func missing(_ record: ForeignRecord) -> AdoptionProblem {
        if let kind = record.kind, tool == .flyway, !kind.contains("SQL"),
            !kind.contains("BASELINE")
        {
            return AdoptionProblem(
                kind: .unsupported, version: record.version, file: nil,
                message: "\(record.label) is a migration of the type \(kind), which is no SQL file",
                hint: "Put an SQL file of the same version into '\(folder.path)' that does what it "
                    + "did, or holds a comment.")
        }
        let what = record.file.map { "\(record.label) ('\($0)')" } ?? record.label
        return AdoptionProblem(
            kind: .missing, version: record.label, file: nil,
            message: "\(tool.title) has applied \(what), and there is no such file in "
                + "'\(folder.path)'",
            hint: "Bring the file back (was it renamed, or is --dir another folder?). Then run "
                + "'migrate adopt' again.")
    }

    private func edited(_ record: ForeignRecord, _ file: MigrationFile?) -> AdoptionProblem {
        let own =
            switch tool {
            case .flyway: "Or have Flyway accept it as it is: flyway repair"
            case .sqitch: "A reworked change is a new one: sqitch rework \(record.name ?? "NAME")"
            default: "\(tool.title) would refuse it too."
            }
        return AdoptionProblem(
            kind: .edited, version: record.label, file: file?.name,
            message: "the file was changed after \(tool.title) ran it: its checksum is not "
                + (record.checksum ?? ""),
            hint: "Restore the file as it ran. " + own)
    }

    /// A failed row, with the old tool's own way out.
    private func failure(_ record: ForeignRecord) -> AdoptionProblem {
        let label = record.label
        let message: String
        let hint: String
        switch tool {
        case .golangMigrate:
            let before = folder.migrations.last { migration in
                Version(label).map { migration.version < $0 } ?? false
            }
            message = "version \(label) is dirty: golang-migrate failed in it, or was stopped"
            hint =
                "Look how much of it took effect, and finish or undo it by hand. Then give "
                + "golang-migrate's own command: 'migrate … force \(label)' if it is done, "
                + "'migrate … force \(before?.version.text ?? "-1")' if it is not."
        case .flyway:
            message = "\(label) failed"
            hint =
                "Undo by hand what it did, mend the file and run 'flyway repair', which removes the "
                + "failed row; or let 'flyway migrate' succeed first."
        case .prisma:
            message = "\(label) failed, or has not ended"
            hint =
                "Finish or undo it by hand. Then: prisma migrate resolve --applied \(label), or "
                + "--rolled-back \(label)"
        case .sqlx:
            message = "\(label) failed, or has not ended"
            hint =
                "sqlx has no command for it. Undo by hand what it did, and delete its row: DELETE "
                + "FROM \(history.table.shown) WHERE version = \(label)"
        case .atlas:
            message = "\(label) stopped part-way"
            hint = "Run 'atlas migrate apply' until it succeeds, or 'atlas migrate set'."
        default:
            message = "\(label) failed"
            hint = "Let \(tool.title) finish or undo it first."
        }
        return AdoptionProblem(
            kind: .failed, version: label, file: nil, message: message, hint: hint)
    }
}
