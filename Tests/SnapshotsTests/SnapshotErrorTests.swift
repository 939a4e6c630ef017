import Database
import Snapshots
import Testing

@Suite("Errors of snapshots")
struct SnapshotErrorTests {
    @Test func `a cancelled statement is an interruption`() {
        #expect(SnapshotError(DatabaseError(.cancelled, "stopped")).code == .interrupted)
    }
}
