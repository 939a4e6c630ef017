package import Database
package import PostgresCatalog

/// How the objects of a database are read.
package struct CatalogAccess: Sendable {
    /// Reads every object.
    package var schema: @Sendable (any Connection) throws -> SchemaModel
    /// The same, with a second session that the function opens on another thread: it has to be in the
    /// same snapshot.
    package var sharedSchema:
        @Sendable (any Connection, @escaping @Sendable () throws -> any Connection) throws ->
            SchemaModel
    /// A text that changes with every object, as of the connection's snapshot.
    package var fingerprint: @Sendable (any Connection) throws -> String

    /// The functions of `PostgresCatalog`.
    package static let live = CatalogAccess(
        schema: { try readSchema($0) }, sharedSchema: { try readSchema($0, beside: $1) },
        fingerprint: { try catalogFingerprint($0) })
}
