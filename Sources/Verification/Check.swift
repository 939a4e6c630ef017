/// A built-in check: its name, as it stands in reports, and what it looks for.
package struct Check: Sendable, Hashable {
    /// The name, in snake_case.
    package let name: String
    /// What it looks for, in a few words.
    package let summary: String
    /// True where only `--deep` runs it: it reads whole tables.
    package let isDeep: Bool

    init(_ name: String, _ summary: String, isDeep: Bool = false) {
        self.name = name
        self.summary = summary
        self.isDeep = isDeep
    }
}

// MARK: PostgreSQL

extension Check {
    /// Indexes that the planner does not use, or that are not maintained.
    package static let invalidIndex = Check("invalid_index", "indexes that are invalid or unready")
    /// Constraints that were added NOT VALID and never validated.
    package static let notValidConstraint = Check(
        "not_valid_constraint", "constraints that were never validated")
    /// Triggers that do not fire.
    package static let disabledTrigger = Check(
        "disabled_trigger", "triggers that are disabled, foreign keys' own among them")
    /// Sequences whose next value is already in the column that they feed.
    package static let sequenceBehind = Check(
        "sequence_behind", "sequences behind the column that they feed")
    /// Rows that refer to nothing.
    package static let brokenForeignKey = Check(
        "broken_foreign_key", "rows that refer to no row")
    /// Materialised views that no query can read.
    package static let unpopulatedView = Check(
        "unpopulated_materialized_view", "materialised views without their rows")
    /// Collations whose order may have changed under the indexes.
    package static let collationVersion = Check(
        "collation_version_mismatch", "collations that changed since their indexes were built")
    /// Sequences, and the columns that they feed, that run out of numbers.
    package static let integerOverflow = Check(
        "integer_near_overflow", "keys and sequences that run out of numbers")
    /// Rows in the wrong partition.
    package static let partitionBound = Check(
        "partition_bound_violation", "rows in a partition that is not theirs", isDeep: true)
    /// Values that their domain forbids.
    package static let domainViolation = Check(
        "domain_violation", "values that their domain forbids", isDeep: true)
    /// Rows that exclude each other.
    package static let exclusionViolation = Check(
        "exclusion_violation", "rows that exclude each other", isDeep: true)
    /// Indexes that do not agree with their table, or with themselves (amcheck).
    package static let damagedIndex = Check(
        "damaged_index", "damaged indexes, with amcheck", isDeep: true)
}

// MARK: Both

extension Check {
    /// NULL where the table forbids it.
    package static let notNullViolation = Check(
        "not_null_violation", "NULL where the table forbids it", isDeep: true)
    /// Rows that a CHECK forbids.
    package static let checkViolation = Check(
        "check_violation", "rows that a CHECK forbids", isDeep: true)
    /// Keys that are there twice, found without the index.
    package static let uniqueViolation = Check(
        "unique_violation", "keys that are there twice", isDeep: true)
    /// The user's own queries.
    package static let verifyFile = Check(
        "verify_file", "rows that the queries of verify/*.sql return")
}

// MARK: SQLite

extension Check {
    /// SQLite's own look at the whole file.
    package static let integrityCheck = Check(
        "integrity_check", "what PRAGMA integrity_check reports")
    /// Rows that refer to nothing.
    package static let foreignKeyCheck = Check(
        "foreign_key_check", "what PRAGMA foreign_key_check reports")
    /// Values of another type than a STRICT table's column has.
    package static let strictType = Check(
        "strict_type_violation", "values of a wrong type in STRICT tables", isDeep: true)
}
