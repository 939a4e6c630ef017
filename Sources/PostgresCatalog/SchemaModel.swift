internal import Database

/// All that a dump of one PostgreSQL database holds besides the rows: a pure value, the same for
/// the same database whatever the OIDs in it are.
package struct SchemaModel: Sendable {
    /// The database itself.
    package var database: DatabaseProperties
    /// Every object, in an order in which they can be created.
    package var entries: [SchemaEntry]
    /// The tables whose rows belong to the dump, in the order of their entries.
    package var tables: [TableContents]
    /// The sequences whose state belongs to the dump.
    package var sequences: [SequenceContents]
    /// The extensions, with the versions that they have.
    package var extensions: [InstalledExtension]
    /// What is in the database and not in the model, each a sentence that names it: an invalid
    /// index, say. Temporary tables are not named, for they belong to a session.
    package var exclusions: [String]

    /// Describes a database.
    package init(
        database: DatabaseProperties, entries: [SchemaEntry] = [], tables: [TableContents] = [],
        sequences: [SequenceContents] = [], extensions: [InstalledExtension] = [],
        exclusions: [String] = []
    ) {
        self.database = database
        self.entries = entries
        self.tables = tables
        self.sequences = sequences
        self.extensions = extensions
        self.exclusions = exclusions
    }
}

/// One SQL statement, without its semicolon.
package struct SchemaStatement: Sendable, Hashable {
    /// The statement, every name in it qualified.
    package var sql: String
    /// The roles without which it fails.
    package var roles: [String]

    /// Creates a statement.
    package init(_ sql: String, roles: [String] = []) {
        self.sql = sql
        self.roles = roles
    }

    /// Byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.sql.exact == right.sql.exact && left.roles.exact == right.roles.exact
    }

    /// Byte by byte.
    package func hash(into hasher: inout Hasher) { hasher.combine(sql.exact) }
}

/// When an entry is restored.
package enum SchemaSection: String, Sendable, Hashable, Comparable, CaseIterable {
    /// Before the rows: whatever rows need to be there.
    case preData = "pre_data"
    /// With the rows, such as the position of a sequence.
    case data
    /// After the rows: indexes, constraints, triggers.
    case postData = "post_data"
    /// After all else and after the privileges: event triggers, the contents of materialised views.
    case final

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The order of a restore.
    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// One object of a database, as it is restored.
package struct SchemaEntry: Sendable, Hashable {
    /// Its place in the order, from 1.
    package var id: Int
    /// What it is, in SQL's words and capitals: `TABLE`, `FK CONSTRAINT`.
    package var kind: String
    /// Its schema; nil for an object that is in none.
    package var schema: String?
    /// Its name within schema and kind, with what makes it unique: `f(integer)`, `t t_pkey`.
    package var name: String
    /// The role that owns it; nil where the kind has no owner of its own.
    package var owner: String?
    /// When it is restored.
    package var section: SchemaSection
    /// What creates it, with its owner, comments and labels.
    package var statements: [SchemaStatement]
    /// What grants and revokes privileges on it; run when all objects are there.
    package var privileges: [SchemaStatement]
    /// The `id` of the entries that must be there before it, all smaller than its own.
    package var dependencies: [Int]

    /// Creates an entry.
    package init(
        id: Int, kind: String, schema: String?, name: String, owner: String?,
        section: SchemaSection, statements: [SchemaStatement],
        privileges: [SchemaStatement] = [], dependencies: [Int] = []
    ) {
        self.id = id
        self.kind = kind
        self.schema = schema
        self.name = name
        self.owner = owner
        self.section = section
        self.statements = statements
        self.privileges = privileges
        self.dependencies = dependencies
    }
}

/// A table whose rows belong to the dump.
package struct TableContents: Sendable, Hashable {
    /// The table's OID in the database that was read; meaningless elsewhere.
    package var oid: UInt32
    /// Its schema.
    package var schema: String
    /// Its name.
    package var name: String
    /// The entry that creates it; nil for a table of an extension, which the extension creates.
    package var entry: Int?
    /// The columns that COPY carries: those not dropped and not generated, in their order.
    package var columns: [String]
    /// The type of each column as `format_type` writes it.
    package var types: [String]
    /// For a configuration table of an extension, the condition that its rows fulfil, as
    /// `WHERE …`; empty for all of its rows. Nil for every other table.
    package var extensionCondition: String?
    /// The table through which rows must be loaded, where the partition that a row belongs to can
    /// be another one after the restore (hash partitions of an enum key); nil otherwise.
    package var loadsThrough: QualifiedName?
    /// Whether it is UNLOGGED.
    package var isUnlogged: Bool
    /// Whether row security is on, so that reading it takes more than SELECT.
    package var hasRowSecurity: Bool

    /// Describes a table.
    package init(
        oid: UInt32, schema: String, name: String, entry: Int?, columns: [String],
        types: [String], extensionCondition: String? = nil, loadsThrough: QualifiedName? = nil,
        isUnlogged: Bool = false, hasRowSecurity: Bool = false
    ) {
        self.oid = oid
        self.schema = schema
        self.name = name
        self.entry = entry
        self.columns = columns
        self.types = types
        self.extensionCondition = extensionCondition
        self.loadsThrough = loadsThrough
        self.isUnlogged = isUnlogged
        self.hasRowSecurity = hasRowSecurity
    }
}

/// A sequence whose state belongs to the dump.
package struct SequenceContents: Sendable, Hashable {
    /// Its schema.
    package var schema: String
    /// Its name.
    package var name: String
    /// The entry that creates it; nil for a sequence of an extension.
    package var entry: Int?

    /// Describes a sequence.
    package init(schema: String, name: String, entry: Int?) {
        self.schema = schema
        self.name = name
        self.entry = entry
    }
}

/// A name in a schema, unquoted.
package struct QualifiedName: Sendable, Hashable {
    /// The schema.
    package var schema: String
    /// The name.
    package var name: String

    /// Creates a name.
    package init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.schema.exact == right.schema.exact && left.name.exact == right.name.exact
    }

    /// Byte by byte.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(schema.exact)
        hasher.combine(name.exact)
    }
}

/// An extension that a database has.
package struct InstalledExtension: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// Its version, which `CREATE EXTENSION` need not choose by itself.
    package var version: String
    /// The schema that its objects are in.
    package var schema: String

    /// Describes an extension.
    package init(name: String, version: String, schema: String) {
        self.name = name
        self.version = version
        self.schema = schema
    }
}

/// What a database has besides its objects.
package struct DatabaseProperties: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// The role that owns it.
    package var owner: String
    /// `UTF8`, `LATIN1`, `SQL_ASCII` …
    package var encoding: String
    /// `libc`, `icu` or `builtin`.
    package var localeProvider: String
    /// `LC_COLLATE`.
    package var collate: String
    /// `LC_CTYPE`.
    package var characterType: String
    /// The locale of ICU or of the built-in provider; nil for libc.
    package var locale: String?
    /// ICU's rules (PostgreSQL 16).
    package var localeRules: String?
    /// The version of the collation; nil where the provider has none.
    package var collationVersion: String?
    /// What sets limit, comment, labels, settings (also those of a role in this database) and
    /// privileges; the database is `{database}` in each, for it can be restored under another name.
    package var statements: [SchemaStatement]

    /// Describes a database.
    package init(
        name: String, owner: String, encoding: String, localeProvider: String, collate: String,
        characterType: String, locale: String? = nil, localeRules: String? = nil,
        collationVersion: String? = nil, statements: [SchemaStatement] = []
    ) {
        self.name = name
        self.owner = owner
        self.encoding = encoding
        self.localeProvider = localeProvider
        self.collate = collate
        self.characterType = characterType
        self.locale = locale
        self.localeRules = localeRules
        self.collationVersion = collationVersion
        self.statements = statements
    }
}
