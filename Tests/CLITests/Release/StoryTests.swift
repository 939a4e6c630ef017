import Database
import Foundation
import TestSupport
import Testing

/// The way of a schema from a laptop to production, and back from three releases that fail, as
/// `scripts/story` tells it.
@Suite struct StoryTests {
    private func tell(_ arguments: String...) throws -> ProgramResult {
        let folder = try TemporaryFolder()
        return try SystemProgram.run(
            ["bash", Repository.path + "/scripts/story"] + arguments, in: folder.path,
            environment: [
                "MIGRATE_STORY_SERVER": PostgresServer.url(database: "postgres").text,
                "MIGRATE_STORY_PROGRAM": MigrateProgram.product("migrate"),
                "MIGRATE_STORY_FAULTS": MigrateProgram.product("libFaultInjector.so"),
            ])
    }

    @Test func `it ends as it is told`() throws {
        let result = try tell()
        #expect(result.status == 0, "\(result.output.suffix(3000)) \(result.errors)")
        #expect(result.output.hasSuffix("==> the story is told\n"))
    }

    @Test func `whatever is killed on the way, it goes on from there`() throws {
        let result = try tell("--kill")
        #expect(result.status == 0, "\(result.output.suffix(3000)) \(result.errors)")
        #expect(result.output.contains("==> commands were killed "))
    }
}
