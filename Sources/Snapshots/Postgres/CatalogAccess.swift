package import Database
package import PostgresCatalog

/// How the objects of a database are read.
package struct CatalogAccess: Sendable {
    /// Reads every object.
    package var schema: @Sendable (any Connection) throws -> SchemaModel
    /// A text that changes with every object, as of the connection's snapshot.
    package var fingerprint: @Sendable (any Connection) throws -> String

    /// Creates one of two functions.
    package init(
        schema: @escaping @Sendable (any Connection) throws -> SchemaModel,
        fingerprint: @escaping @Sendable (any Connection) throws -> String
    ) {
        self.schema = schema
        self.fingerprint = fingerprint
    }

    /// The functions of `PostgresCatalog`.
    package static let live = CatalogAccess(
        schema: { try readSchema($0) }, fingerprint: { try catalogFingerprint($0) })
}
