import Foundation
import TestSupport
import Testing

/// The injector that other tests rely on: a fault that never happened would make them green.
@Suite struct FaultInjectorTests {
    @Test func `a program is killed at a call, or its call fails`() throws {
        let folder = try TemporaryFolder()
        let killed = try MigrateProgram.run(
            ["--version"], in: folder.path, fault: .init(.signal(SIGKILL), at: 1))
        #expect(killed.signal == SIGKILL)
        #expect(killed.faultHappened)
        let broken = try MigrateProgram.run(
            ["--version"], in: folder.path, fault: .init(.failure(ENOSPC), at: 1, of: ["write"]))
        #expect(broken.faultHappened)
        #expect(broken.output == "")
        let cut = try MigrateProgram.run(
            ["--version"], in: folder.path, fault: .init(.cut(ENOSPC), at: 1, of: ["write"]))
        #expect(cut.faultHappened)
        #expect(cut.output.hasPrefix("migrate ") && !cut.output.hasSuffix("\n"))
        let spared = try MigrateProgram.run(
            ["--version"], in: folder.path, fault: .init(.signal(SIGKILL), at: 1000))
        #expect(spared.status == 0)
        #expect(!spared.faultHappened)
        #expect(spared.faultCalls == 1)
        #expect(broken.faultCalls ?? 0 >= 1)
        #expect(killed.faultCalls == nil)
    }
}
