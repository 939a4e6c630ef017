internal import Database

/// Reads the objects of one kind, or of a few that share their catalogs: set-based queries, which
/// are sent in one batch with those of all other kinds, and the values made of the answers.
///
/// What a query returns is narrowed to what a dump holds by the conditions of `ServerFacts`.
protocol ObjectReader: Sendable {
    /// Whether its answers are among the largest, so that they are better not held together with
    /// those of others.
    var isLarge: Bool { get }

    /// What is asked, each a query that runs once however many objects there are.
    func queries(_ server: ServerFacts) -> [String]

    /// The same queries, those together that look up the same things in the server's caches: others
    /// may be run at the same time by another session.
    func batches(_ server: ServerFacts) -> [[String]]

    /// Adds what the answers hold, which come in the order of the queries.
    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError)
}

extension ObjectReader {
    var isLarge: Bool { false }
    func batches(_ server: ServerFacts) -> [[String]] { [queries(server)] }
}

/// What the queries depend on.
struct ServerFacts: Sendable {
    /// The major version: 14 to 18.
    var major: Int
    /// Whether the role may read how subscriptions connect.
    var readsSubscriptions = false

    /// A condition: `schema`, an expression that is the OID of a schema, is none of the server's.
    func isUserSchema(_ schema: String) -> String {
        """
        \(schema) NOT IN (SELECT oid FROM pg_catalog.pg_namespace \
        WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
        """
    }

    /// A condition: the object is no member of an extension.
    ///
    /// - Parameters:
    ///   - catalog: the catalog that holds it.
    ///   - oid: an expression that is its OID.
    /// - Returns: the condition.
    func isNoMember(_ catalog: SystemCatalog, _ oid: String) -> String {
        """
        NOT EXISTS (SELECT FROM pg_catalog.pg_depend ext WHERE ext.classid = \(catalog.rawValue) \
        AND ext.objid = \(oid) AND ext.objsubid = 0 AND ext.deptype = 'e')
        """
    }

    /// Two columns of a query, the access control list and what it is compared with, which is read
    /// only where there is a list.
    ///
    /// - Parameters:
    ///   - acl: an expression that is the list.
    ///   - type: the letter of `acldefault()`, or an expression for it: `'r'`.
    ///   - owner: an expression that is the OID of the owner.
    /// - Returns: the two expressions.
    func privilegeColumns(_ acl: String, type: String, owner: String) -> String {
        """
        \(acl)::pg_catalog.text, CASE WHEN \(acl) IS NOT NULL \
        THEN pg_catalog.acldefault(\(type), \(owner))::pg_catalog.text END
        """
    }

    /// An expression: the name of the role with the OID `role`.
    func roleName(_ role: String) -> String { "pg_catalog.pg_get_userbyid(\(role))" }

    /// `expression` from major version `major` on, `other` before it.
    func since(_ major: Int, _ expression: String, else other: String = "NULL") -> String {
        self.major >= major ? expression : other
    }
}

/// What one query answered.
struct Answer: Sendable {
    private let rows: [Row]

    init(_ result: StepResult) { rows = result.rows }

    /// How many rows there are.
    var count: Int { rows.count }

    /// Calls `body` with each row in turn.
    func forEach(_ body: (inout RowCursor) -> Void) {
        for row in rows {
            var cursor = RowCursor(row)
            body(&cursor)
        }
    }

    /// Makes a value of each row.
    func map<Value>(_ make: (inout RowCursor) -> Value) -> [Value] {
        rows.map { row in
            var cursor = RowCursor(row)
            return make(&cursor)
        }
    }
}

/// Takes the values of a row one after the other, in the order of the query's columns.
struct RowCursor {
    private let row: Row
    private var index = 0

    init(_ row: Row) { self.row = row }

    private mutating func next() -> DatabaseValue {
        defer { index += 1 }
        return row[index]
    }

    /// A text that is not NULL; empty for NULL.
    mutating func text() -> String { next().string ?? "" }
    /// A text, nil for NULL.
    mutating func optionalText() -> String? { next().string }
    /// A truth value; false for NULL.
    mutating func flag() -> Bool { next().boolean ?? false }
    /// A number; 0 for NULL.
    mutating func integer() -> Int64 { next().integer ?? 0 }
    /// A number, nil for NULL.
    mutating func optionalInteger() -> Int64? { next().integer }
    /// An OID; 0 for NULL.
    mutating func oid() -> UInt32 { UInt32(truncatingIfNeeded: next().integer ?? 0) }
    /// The elements of a one-dimensional array; empty for NULL.
    mutating func array() -> [String] { next().string.map(PostgresArray.strings) ?? [] }
    /// The elements of a one-dimensional array that may hold NULLs; nil for NULL.
    mutating func optionalArray() -> [String?]? { next().string.map(PostgresArray.elements) }
    /// The numbers of an `oidvector`, an `int2vector` or an array of numbers; empty for NULL.
    mutating func numbers() -> [Int64] {
        (next().string ?? "").split { " ,{}".contains($0) }.compactMap { Int64($0) }
    }
    /// A `"char"`, such as `relkind`; a zero byte or NULL is nil.
    mutating func letter() -> Character? { next().string?.first }
}
