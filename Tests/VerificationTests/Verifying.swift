import Database
import PostgresDriver
import TestSupport
import Testing

@testable import Verification

/// Verifies, and answers with what a test looks at.
func findings(
    _ connection: any Connection, isDeep: Bool = false, of check: Check? = nil
) throws -> [Finding] {
    try Verifier(connection).run(isDeep: isDeep).findings.filter {
        check == nil || $0.check == check?.name
    }
}

/// The one finding that a broken database must give, and nothing beside it.
func onlyFinding(
    _ connection: any Connection, isDeep: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Finding {
    let found = try findings(connection, isDeep: isDeep)
    #expect(found.count == 1, "\(found.map(\.problem))", sourceLocation: sourceLocation)
    return try #require(found.first, sourceLocation: sourceLocation)
}

extension Connection {
    /// Runs statements one after another.
    func execute(_ statements: String...) throws {
        for statement in statements { try run([Step(statement)]) }
    }
}

extension TestDatabase {
    /// Connects as another role.
    func connect(as role: TestRole) throws -> PostgresConnection {
        try PostgresConnection(PostgresOptions(url: role.url(database: name)))
    }
}

extension Finding {
    /// Check, severity and object, for comparing.
    var summary: String { "\(severity) \(check) \(object)" }
}
