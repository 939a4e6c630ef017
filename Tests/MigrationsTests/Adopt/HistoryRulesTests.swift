import Migrations
import Testing

/// What each tool's rows mean.
@Suite struct HistoryRulesTests {
    private func read(_ tool: HistoryTool, _ records: [ForeignRecord]) -> ForeignHistory {
        ForeignHistory(
            tool: tool, table: ForeignTable(schema: nil, name: "t", columns: []), records: records)
    }

    private func row(
        _ version: String?, _ state: ForeignRecord.State = .applied, kind: String? = nil,
        name: String? = nil
    ) -> ForeignRecord {
        ForeignRecord(version: version, name: name, state: state, kind: kind)
    }

    @Test func `golang-migrate's only row stands for all before it`() {
        let history = read(.golangMigrate, [row("7")])
        #expect(history.upTo?.version == "7")
        #expect(history.applied.isEmpty && history.failed.isEmpty)
        #expect(read(.golangMigrate, [row("7", .failed)]).failed.map(\.version) == ["7"])
        #expect(read(.golangMigrate, []).upTo == nil)
    }

    @Test func `goose's newest row of a version counts`() {
        let history = read(
            .goose,
            [
                row("0"), row("1"), row("2"), row("3"), row("2", .reverted), row("3", .reverted),
                row("3"),
            ])
        #expect(history.applied.map(\.version) == ["1", "3"])
    }

    @Test func `Flyway's undo and deletion make a row void`() {
        let history = read(
            .flyway,
            [
                row(nil, kind: "SCHEMA", name: "<< Flyway Schema Creation >>"),
                row("1", kind: "SQL"), row("2", kind: "SQL"), row("3", kind: "SQL"),
                row("2", kind: "UNDO_SQL"), row("3", kind: "DELETE"), row("2.1", kind: "SQL"),
                row(nil, kind: "SQL", name: "views"), row(nil, kind: "SQL", name: "views"),
            ])
        #expect(history.applied.map(\.version) == ["1", "2.1"])
        #expect(history.repeatables.map(\.name) == ["views"])
        #expect(history.failed.isEmpty)
    }

    @Test func `Flyway's baseline covers what is before it`() {
        let history = read(.flyway, [row("5", kind: "BASELINE"), row("6", kind: "SQL")])
        #expect(history.upTo?.version == "5")
        #expect(history.applied.map(\.version) == ["6"])
        #expect(read(.flyway, [row("4", .failed, kind: "SQL")]).failed.map(\.version) == ["4"])
    }

    @Test func `a row that was rolled back is no migration, one that did not end stops all`() {
        let history = read(
            .prisma,
            [
                row(nil, name: "1_a"), row(nil, .reverted, name: "2_b"),
                row(nil, .failed, name: "3_c"),
            ])
        #expect(history.applied.map(\.name) == ["1_a"])
        #expect(history.failed.map(\.name) == ["3_c"])
    }
}
