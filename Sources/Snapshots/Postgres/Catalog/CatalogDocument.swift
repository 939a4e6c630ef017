internal import Database
internal import FoundationEssentials
internal import PostgresCatalog
internal import SnapshotFormat

/// The JSON of a `postgres_catalog` part: all of a database besides its rows, so that a reader needs
/// no more than it, and no OID.
struct CatalogDocument: Decodable, Equatable {
    /// The version of this document that is read and written.
    static let currentFormat = 1
    /// A longer one is refused unread.
    static let maximumBytes: Int64 = 1 << 30

    var format = CatalogDocument.currentFormat
    /// Whether the snapshot holds rows, or is one of the schema only.
    var holdsRows: Bool
    var database: Database
    var extensions: [Extension]
    var entries: [Entry]
    var tables: [Table]
    var sequences: [Sequence]

    struct Statement: Decodable, Equatable {
        var sql: String
        var roles: [String]

        static func == (left: Self, right: Self) -> Bool {
            left.sql.exact == right.sql.exact && left.roles.exact == right.roles.exact
        }
    }

    struct Database: Decodable, Equatable {
        var name, owner, encoding, localeProvider, collate, characterType: String
        var locale, localeRules, collationVersion: String?
        var statements: [Statement]
    }

    struct Extension: Decodable, Equatable {
        var name, version, schema: String
    }

    struct Entry: Decodable, Equatable {
        var id: Int
        var kind: String
        var schema: String?
        var name: String
        var owner: String?
        var section: String
        var statements, privileges: [Statement]
        var dependsOn: [Int]
    }

    struct Name: Decodable, Equatable {
        var schema, name: String
    }

    struct Table: Decodable, Equatable {
        var schema, name: String
        var entry: Int?
        var columns, types: [String]
        var condition: String?
        var loadsThrough: Name?
        var isUnlogged, hasRowSecurity: Bool
    }

    struct Sequence: Decodable, Equatable {
        var schema, name: String
        var entry: Int?
        /// Nil in a snapshot of the schema only.
        var lastValue: Int64?
        var isCalled: Bool?
    }

    /// Reads the document and checks that it holds together.
    ///
    /// - Throws: `.damaged`, `.unsupported`.
    init(_ bytes: [UInt8]) throws(SnapshotError) {
        if let problem = JSONShape.problem(bytes[...]) {
            throw SnapshotError(
                .damaged, "the description of the database is none of ours: \(problem)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let document = try? decoder.decode(Self.self, from: Data(bytes)) else {
            throw SnapshotError(.damaged, "the description of the database cannot be read")
        }
        guard document.format == Self.currentFormat else {
            throw SnapshotError(
                .unsupported, "the description of the database is in format \(document.format)")
        }
        guard document.isSound else {
            throw SnapshotError(.damaged, "the description of the database does not hold together")
        }
        self = document
    }

    /// Whether every entry comes after what it depends on, and every reference leads somewhere.
    private var isSound: Bool {
        let ids = Set(entries.map(\.id))
        var previous = 0
        for entry in entries {
            guard entry.id > previous, SchemaSection(rawValue: entry.section) != nil,
                entry.dependsOn.allSatisfy({ $0 < entry.id && ids.contains($0) })
            else { return false }
            previous = entry.id
        }
        let names = tables.map { QualifiedName(schema: $0.schema, name: $0.name) }
        let references = tables.compactMap(\.entry) + sequences.compactMap(\.entry)
        return references.allSatisfy(ids.contains)
            && Set(names).count == names.count
            && tables.allSatisfy { $0.types.count == $0.columns.count }
            && (!holdsRows || sequences.allSatisfy { $0.lastValue != nil && $0.isCalled != nil })
    }
}
