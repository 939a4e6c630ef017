/// A kind of object that privileges can be granted on, or have as their default.
enum PrivilegeKind: String, Sendable, Hashable, CaseIterable {
    /// A table, view, materialised view or foreign table.
    case table = "TABLE"
    /// A column of one.
    case column = "COLUMN"
    /// A sequence.
    case sequence = "SEQUENCE"
    /// A function, window function or aggregate.
    case function = "FUNCTION"
    /// A procedure.
    case procedure = "PROCEDURE"
    /// A type or domain.
    case type = "TYPE"
    /// A schema.
    case schema = "SCHEMA"
    /// A database.
    case database = "DATABASE"
    /// A trusted language.
    case language = "LANGUAGE"
    /// A foreign-data wrapper.
    case foreignDataWrapper = "FOREIGN DATA WRAPPER"
    /// A foreign server.
    case foreignServer = "FOREIGN SERVER"
    /// A large object.
    case largeObject = "LARGE OBJECT"
    /// The tables that a role creates from then on.
    case tables = "TABLES"
    /// The sequences that it creates.
    case sequences = "SEQUENCES"
    /// The functions and procedures that it creates.
    case functions = "FUNCTIONS"
    /// The types and domains that it creates.
    case types = "TYPES"
    /// The schemas that it creates.
    case schemas = "SCHEMAS"
    /// The large objects that it creates (PostgreSQL 18).
    case largeObjects = "LARGE OBJECTS"

    /// The letter of MAINTAIN.
    static let maintain: Character = "m"

    /// The letters that `aclitem` has for the privileges of this kind and their names in GRANT, in
    /// the order in which they are written; MAINTAIN is new in PostgreSQL 17.
    ///
    /// Source: https://www.postgresql.org/docs/current/ddl-priv.html
    func privileges(hasMaintain: Bool) -> [(letter: Character, name: String)] {
        switch self {
        case .table, .tables:
            let common: [(letter: Character, name: String)] = [
                ("r", "SELECT"), ("a", "INSERT"), ("w", "UPDATE"), ("d", "DELETE"),
                ("D", "TRUNCATE"), ("x", "REFERENCES"), ("t", "TRIGGER"),
            ]
            return hasMaintain ? common + [(Self.maintain, "MAINTAIN")] : common
        case .column:
            return [("r", "SELECT"), ("a", "INSERT"), ("w", "UPDATE"), ("x", "REFERENCES")]
        case .sequence, .sequences: return [("r", "SELECT"), ("w", "UPDATE"), ("U", "USAGE")]
        case .function, .procedure, .functions: return [("X", "EXECUTE")]
        case .schema, .schemas: return [("C", "CREATE"), ("U", "USAGE")]
        case .database: return [("C", "CREATE"), ("c", "CONNECT"), ("T", "TEMPORARY")]
        case .type, .types, .language, .foreignDataWrapper, .foreignServer:
            return [("U", "USAGE")]
        case .largeObject, .largeObjects: return [("r", "SELECT"), ("w", "UPDATE")]
        }
    }
}
