package import Database

/// Why the objects of a database could not be read, or not be put in order, as facts.
package struct CatalogError: Error, Sendable, Hashable {
    /// What kind of failure it is.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The server is older or newer than those whose catalogs are known.
        case unsupportedServer = "unsupported_server"
        /// Something is in the catalogs that would be missing in the model.
        case incomplete = "incomplete"
        /// Objects need each other in a way that no order of statements can meet.
        case dependencyLoop = "dependency_loop"
        /// The server refused a query, or the connection broke.
        case database = "database"
    }

    /// The kind of failure.
    package var code: Code
    /// What is wrong, with the names of the objects.
    package var message: String
    /// What can be done, where something can.
    package var hint: String?
    /// What the server said.
    package var cause: DatabaseError?

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, hint: String? = nil, cause: DatabaseError? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
