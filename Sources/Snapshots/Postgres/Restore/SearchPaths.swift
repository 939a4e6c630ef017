internal import Database
internal import PostgresCatalog
import Synchronization

/// The search paths under which functions find what they name without a schema.
///
/// A restore runs with an empty one, so that no name is read as anything else. A function of a user that
/// an index, a constraint, a generated column or a materialised view calls may need the one that its
/// owner's sessions have; pg_dump and psql fail there. Such an object is tried again with that path,
/// and the report says so. Thread-safe.
final class SearchPaths: Sendable {
    /// A search path of one object.
    struct Path: Sendable {
        /// What sets it for the session.
        let step: Step
        /// As a list, for people.
        let text: String
    }

    /// What sets the empty path again.
    static let reset = Step("SELECT pg_catalog.set_config('search_path', '', false)")

    private let databaseOwner: String
    /// The owner of each entry that has one.
    private let owners: [Int: String]
    /// What the database sets for all, and for single roles, as SET takes it.
    private let forAll: String?
    private let forRoles: [String: String]
    private let found = Mutex<Set<String>>([])

    init(_ model: SchemaModel) {
        databaseOwner = model.database.owner
        var owners: [Int: String] = [:]
        for entry in model.entries {
            let dependencies = entry.dependencies.compactMap { owners[$0] }
            // Indexes, constraints and contents have the owner of what they are on, and the schema's
            // owner comes first in the order.
            owners[entry.id] = entry.owner ?? dependencies.last
        }
        self.owners = owners
        var (all, roles): (String?, [String: String]) = (nil, [:])
        for statement in model.database.statements {
            guard let range = statement.sql.firstRange(of: " SET search_path TO ") else { continue }
            let value = String(statement.sql[range.upperBound...])
            if statement.sql.hasPrefix("ALTER DATABASE {database} SET ") { all = value }
            if statement.sql.hasPrefix("ALTER ROLE "), let role = statement.roles.first {
                roles[role] = value
            }
        }
        (forAll, forRoles) = (all, roles)
    }

    /// Whether an error is that of a name that was not found.
    static func isMissingName(_ error: DatabaseError) -> Bool {
        ["42P01", "42883", "42704", "3F000"].contains(error.sqlState)
    }

    /// The path of an entry's owner in the database that the snapshot was taken of: what the database
    /// sets for the role, what the server sets for it, what the database sets, what is set nowhere.
    ///
    /// - Throws: what the server says.
    func path(of entry: Int?, _ connection: any Connection) throws(DatabaseError) -> Path {
        let owner = entry.flatMap { owners[$0] } ?? databaseOwner
        if let list = forRoles[owner] { return Self.path(list, owner) }
        let rows = try connection.query(
            """
            SELECT pg_catalog.substr(c, 13) FROM pg_catalog.pg_db_role_setting s \
            JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) c \
            WHERE s.setdatabase = 0 AND r.rolname = $1 AND c LIKE 'search\\_path=%'
            """, [.text(owner)]
        ).rows
        if forAll == nil || !rows.isEmpty {
            let list = rows.first?[0].string ?? "\"$user\", public"
            let text = list.replacing("\"$user\"", with: PostgresName.quoted(owner))
            return Path(
                step: Step(
                    "SELECT pg_catalog.set_config('search_path', $1, false)", [.text(text)]),
                text: text)
        }
        return Self.path(forAll ?? "", owner)
    }

    private static func path(_ list: String, _ owner: String) -> Path {
        let text = list.replacing("'$user'", with: PostgresName.literal(owner))
        return Path(step: Step("SET search_path TO \(text)"), text: text)
    }

    /// Notes that an object was made with a path of its own.
    func note(_ object: String, _ path: Path) {
        remark(
            "\(object): a function names objects without their schema, and found them with the "
                + "search_path \(path.text); give it one with ALTER FUNCTION … SET search_path")
    }

    /// Notes what else came of it.
    func remark(_ text: String) { found.withLock { _ = $0.insert(text) } }

    /// What was noted.
    var remarks: [String] { found.withLock { $0.sorted() } }

    /// What to do where it does not help.
    static func hint(_ path: Path) -> String {
        "A function that it calls names objects without their schema, and the search_path "
            + "\(path.text) does not lead to them here either. Give the function one with "
            + "ALTER FUNCTION … SET search_path, and take the snapshot anew."
    }
}
