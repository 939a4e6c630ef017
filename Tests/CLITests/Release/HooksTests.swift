import Database
import Foundation
import TestSupport
import Testing

/// The examples of scripts/hooks do what they say.
@Suite struct HooksTests {
    @Test func `workflows, Jobs and the Dockerfile, run or rendered`() throws {
        let folder = try TemporaryFolder()
        var variables: [String: String] = [:]
        variables["HADOLINT"] = ProcessInfo.processInfo.environment["HADOLINT"]
        let result = try SystemProgram.run(
            [
                "python3", Repository.path + "/scripts/hooks/check",
                MigrateProgram.product("migrate"), PostgresServer.url(database: "postgres").text,
            ], in: folder.path, environment: variables)
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let examples = ["github", "gitlab", "kubernetes", "helm", "dockerfile"]
        #expect(result.output == examples.map { "ok    \($0)\n" }.joined())
    }
}
