/// One column of a table, a view or a materialised view.
struct Column: Hashable, Sendable {
    /// Its name, unquoted.
    var name: String
    /// Its type with its modifiers, as `format_type` writes it.
    var type: String
    /// Its number in the database that was read.
    var number: Int32
    /// Whether it takes no NULL.
    var isNotNull: Bool
    /// Whether the table itself declares it, besides or instead of a parent.
    var isLocal: Bool
    /// Whether a parent has it, too, and takes no NULL in it, so that the column takes none either.
    var inheritsNotNull = false
    /// Whether a parent's NOT NULL is not validated, so that it is created after the rows.
    var inheritsUnvalidatedNotNull = false
    /// What few columns have.
    var attributes: [ColumnAttribute] = []

    /// The default or what generates it.
    var value: ColumnValue? {
        for case .value(let value) in attributes { return value }
        return nil
    }

    /// The constraint that says so, where it takes no NULL (PostgreSQL 18).
    var notNullConstraint: NotNullConstraint? {
        for case .notNull(let constraint) in attributes { return constraint }
        return nil
    }

    /// The collation, quoted, where it is not that of the type.
    var collation: String? {
        for case .collation(let collation) in attributes { return collation }
        return nil
    }

    /// Whether it is computed from others, so that COPY does not carry it.
    var isGenerated: Bool { value?.isGenerated ?? false }
}

/// What a column has besides its type.
enum ColumnAttribute: Hashable, Sendable {
    /// A collation other than the type's, quoted.
    case collation(String)
    /// A default or a generation expression.
    case value(ColumnValue)
    /// The constraint behind NOT NULL (PostgreSQL 18).
    case notNull(NotNullConstraint)
    /// How much ANALYZE collects.
    case statistics(Int64)
    /// PLAIN, EXTERNAL, EXTENDED or MAIN, where it is not that of the type.
    case storage(String)
    /// `pglz` or `lz4`, where it was set.
    case compression(String)
    /// `n_distinct=5` …, as a list in parentheses takes it.
    case options(String)
    /// The options of a foreign table's column, as OPTIONS takes it.
    case foreignOptions(String)
}

/// A default or a generation expression.
struct ColumnValue: Hashable, Sendable {
    /// Its row in `pg_attrdef`; 0 for a default that the table must not inherit from a parent and
    /// that is no row.
    var oid: UInt32
    /// The expression, decompiled.
    var expression: String
    /// `s` for a stored generated column, `v` for a virtual one, nil for a default.
    var generation: Character?

    /// Whether it computes the column.
    var isGenerated: Bool { generation != nil }
}

/// A NOT NULL with a name (PostgreSQL 18).
struct NotNullConstraint: Hashable, Sendable {
    /// Its row in `pg_constraint`.
    var oid: UInt32
    /// Its name, unquoted.
    var name: String
    /// Whether the table itself declares it.
    var isLocal: Bool
    /// Whether children do without it.
    var isNoInherit: Bool
    /// Whether the rows are known to fulfil it.
    var isValidated: Bool
}

/// A CHECK of a table.
struct TableCheck: Hashable, Sendable {
    /// Its row in `pg_constraint`.
    var oid: UInt32
    /// Its name, unquoted.
    var name: String
    /// `CHECK (…)` with NO INHERIT, NOT VALID or NOT ENFORCED, decompiled.
    var definition: String
    /// Whether the table itself declares it, besides or instead of a parent.
    var isLocal: Bool
    /// Whether it is created after the rows, because they may not fulfil it, or because it may look
    /// at rows of other tables.
    var waitsForRows: Bool
}
