/// The files of one versioned migration, by name; their texts are read when they are needed.
package struct Migration: Sendable, Hashable {
    /// The number.
    package let version: Version
    /// The rest of the file name, `add_users_table`.
    package let name: String
    /// The up file for this database; nil where only another database has one (state `ignored`).
    package var up: MigrationFile?
    /// The down file for this database; nil where the migration is irreversible.
    package var down: MigrationFile?
    /// The file of verify queries, where there is one.
    package var verify: MigrationFile?
}

/// A migration without a version, which runs again whenever its content changes.
package struct RepeatableMigration: Sendable, Hashable {
    /// The file name between `R__` and the extension.
    package let name: String
    /// The file for this database.
    package let file: MigrationFile

    /// What stands in the history's `version` column: `R__name`.
    package var key: String { Self.prefix + name }

    /// How every repeatable migration's file and key begin.
    package static let prefix = "R__"
}

/// One file of a migration.
package struct MigrationFile: Sendable, Hashable {
    /// Where to read it.
    package let path: String
    /// Its name in the folder, for messages.
    package let name: String
}

/// What stands in a folder of migrations for one dialect: versioned ones by number, repeatable
/// ones by name.
package struct MigrationFolder: Sendable {
    /// The folder as it was given.
    package let path: String
    /// In order of version; no two are equal.
    package let migrations: [Migration]
    /// In order of name.
    package let repeatables: [RepeatableMigration]
}
