internal import Database

/// The kinds of entries, in the order in which a restore tends to create them: a kind comes after
/// those that its objects usually need, and the dependencies put right what is not usual.
///
/// The raw value is the `kind` of the entry.
enum ObjectKind: String, Sendable, CaseIterable {
    // Before the rows.
    case schema = "SCHEMA"
    case language = "LANGUAGE"
    case collation = "COLLATION"
    // A function uses the transforms that are there when it is created.
    case transform = "TRANSFORM"
    case `extension` = "EXTENSION"
    case shellType = "SHELL TYPE"
    case type = "TYPE"
    case domain = "DOMAIN"
    // A view may use a cast without naming it, and its row in pg_depend is the cast's function: a
    // cast is created as soon as its function is there.
    case cast = "CAST"
    case function = "FUNCTION"
    case procedure = "PROCEDURE"
    case aggregate = "AGGREGATE"
    case accessMethod = "ACCESS METHOD"
    case `operator` = "OPERATOR"
    case operatorFamily = "OPERATOR FAMILY"
    case operatorClass = "OPERATOR CLASS"
    case conversion = "CONVERSION"
    case textSearchParser = "TEXT SEARCH PARSER"
    case textSearchTemplate = "TEXT SEARCH TEMPLATE"
    case textSearchDictionary = "TEXT SEARCH DICTIONARY"
    case textSearchConfiguration = "TEXT SEARCH CONFIGURATION"
    case foreignDataWrapper = "FOREIGN DATA WRAPPER"
    case foreignServer = "SERVER"
    case userMapping = "USER MAPPING"
    case table = "TABLE"
    case foreignTable = "FOREIGN TABLE"
    case view = "VIEW"
    case materializedView = "MATERIALIZED VIEW"
    case sequence = "SEQUENCE"
    case sequenceOwnership = "SEQUENCE OWNED BY"
    case tableAttachment = "TABLE ATTACH"
    case columnDefault = "DEFAULT"
    case largeObject = "LARGE OBJECT"

    // After the rows.
    case checkConstraint = "CHECK CONSTRAINT"
    case notNullConstraint = "NOT NULL CONSTRAINT"
    case constraint = "CONSTRAINT"
    case index = "INDEX"
    case indexAttachment = "INDEX ATTACH"
    case statistics = "STATISTICS"
    case rule = "RULE"
    case trigger = "TRIGGER"
    case foreignKey = "FK CONSTRAINT"
    case rowSecurity = "ROW SECURITY"
    /// Comments and labels on a table that an extension brings.
    case extensionTable = "EXTENSION TABLE"
    case policy = "POLICY"
    case publication = "PUBLICATION"
    case publicationTable = "PUBLICATION TABLE"
    case publicationSchema = "PUBLICATION TABLES IN SCHEMA"
    case subscription = "SUBSCRIPTION"
    case defaultPrivileges = "DEFAULT ACL"
    /// Privileges that were changed on something that the server or an extension brings.
    case privileges = "ACL"

    // After the privileges.
    case eventTrigger = "EVENT TRIGGER"
    case materializedViewContents = "MATERIALIZED VIEW DATA"

    /// The place in the order.
    var rank: Int { Self.ranks[self] ?? 0 }

    private static let ranks = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    /// When objects of this kind are restored, unless a dependency postpones one.
    var section: SchemaSection {
        switch self {
        case .eventTrigger, .materializedViewContents: .final
        default: rank < Self.checkConstraint.rank ? .preData : .postData
        }
    }
}

/// What an object is called: what it is sorted by, for OIDs differ from database to database.
struct ObjectName: Hashable, Sendable, Comparable {
    /// Its schema; nil where the kind has none.
    var schema: String?
    /// Its name, unquoted.
    var name: String
    /// What else makes it unique among those of its kind, in parentheses in the entry's name where
    /// it is a signature: `(integer)`.
    var detail: String

    init(schema: String? = nil, _ name: String, detail: String = "") {
        self.schema = schema
        self.name = name
        self.detail = detail
    }

    /// The name of the entry.
    var entryName: String { name + detail }

    /// Names as SQL would, for messages.
    var description: String { (schema.map { $0 + "." } ?? "") + entryName }

    static func < (left: Self, right: Self) -> Bool {
        // Byte by byte, so that no two names are alike for being equal to a reader.
        let (a, b) = ((left.schema ?? "").exact, (right.schema ?? "").exact)
        if a != b { return a < b }
        let (name, other) = (left.name.exact, right.name.exact)
        if name != other { return name < other }
        return left.detail.exact < right.detail.exact
    }
}
