import Database
import Migrations
import TestSupport
import Testing

/// Taking over a history, on both databases. The tables are as the tools make them.
@Suite struct AdoptTests {
    /// Three migrations of golang-migrate, the first two of them in the database.
    private func project(_ dialect: Dialect, dirty: Bool = false) throws -> Project {
        let project = try Project(dialect)
        for (index, name) in ["a", "b", "c"].enumerated() {
            try project.write(
                "00000\(index + 1)_\(name)", up: "CREATE TABLE \(name) (i integer);",
                down: "DROP TABLE \(name);")
        }
        for name in ["a", "b"] { try project.sql("CREATE TABLE \(name) (i integer)") }
        try project.sql(
            dialect == .postgres
                ? "CREATE TABLE schema_migrations (version bigint not null primary key, dirty boolean "
                    + "not null)"
                : "CREATE TABLE schema_migrations (version uint64,dirty bool)")
        try project.sql("INSERT INTO schema_migrations VALUES (2, \(dirty))")
        return project
    }

    private func elsewhere(_ context: inout RunContext) {
        context.historyTable = HistoryTableName("ours") ?? .standard
    }

    private func adopt(
        _ project: Project, _ request: AdoptRequest = AdoptRequest(), alsoWrite: HistoryTool? = nil
    ) throws -> Adoption {
        try project.run { context in
            elsewhere(&context)
            context.alsoWrite = alsoWrite
        } _: {
            try $0.adopt(request)
        }
    }

    private func look(_ project: Project, _ request: AdoptRequest = AdoptRequest()) throws
        -> Adoption
    {
        try project.run(elsewhere) { try $0.adoption(request) }
    }

    @Test(arguments: Dialect.allCases)
    func `golang-migrate's version covers all files up to it`(dialect: Dialect) throws {
        let project = try project(dialect)
        let adoption = try adopt(project)
        #expect(adoption.tool == .golangMigrate)
        #expect(adoption.migrations.map(\.version) == ["000001", "000002"])
        #expect(adoption.pending == 1)
        let rows = try project.rows("SELECT * FROM ours ORDER BY version")
        #expect(rows.map { $0["name"] } == ["a", "b"])
        #expect(rows.allSatisfy { $0["applied_at"] == nil && $0["down_sql"] != nil })
        #expect(
            try project.sql("SELECT action, version FROM ours_log ORDER BY seq") == [
                ["adopt", "000001"], ["adopt", "000002"],
            ])
        // The old table is as it was, `up` runs what is left, and `down` finds the way back.
        #expect(try project.value("SELECT version FROM schema_migrations") == "2")
        #expect(try project.up(UpRequest(), elsewhere).applied.map(\.version) == ["000003"])
        #expect(
            try project.down(.all, elsewhere).reverted.map(\.version)
                == ["000003", "000002", "000001"])
    }

    @Test(arguments: Dialect.allCases)
    func `a second adopt says that it is done, and what the old tool has done since`(
        dialect: Dialect
    ) throws {
        let project = try project(dialect)
        _ = try adopt(project)
        let before = try project.rows("SELECT * FROM ours ORDER BY version")
        let again = try adopt(project)
        #expect(again.isDone && again.notes.isEmpty && again.runID == nil)
        try project.sql("UPDATE schema_migrations SET version = 3")
        let later = try adopt(project)
        #expect(later.isDone)
        #expect(later.notes.first?.contains("repair --mark-applied 000003") == true)
        #expect(try project.rows("SELECT * FROM ours ORDER BY version") == before)
    }

    @Test(arguments: Dialect.allCases)
    func `a dirty table is refused, and nothing is made`(dialect: Dialect) throws {
        let project = try project(dialect, dirty: true)
        let error = #expect(throws: MigrationError.self) { try adopt(project) }
        #expect(error?.code == .refused)
        #expect(error?.message.hasPrefix("version 2 is dirty") == true)
        #expect(
            error?.hint?.contains("golang-migrate's own command: 'migrate … force 2' if") == true)
        #expect(error?.hint?.contains("force 000001' if it is not") == true)
        #expect(try look(project).problems.map(\.kind) == [.failed])
        #expect(try project.tables(withOurs: true) == ["a", "b", "schema_migrations"])
    }

    @Test(arguments: Dialect.allCases)
    func `where the old table has our name, adopt says which name to take`(dialect: Dialect) throws
    {
        let project = try project(dialect)
        let error = #expect(throws: MigrationError.self) {
            try project.run { try $0.adopt(AdoptRequest()) }
        }
        #expect(error?.code == .foreignHistory)
        let name = dialect == .postgres ? "migrate.schema_migrations" : "migrate_history"
        #expect(error?.hint?.contains("'history_table: \(name)'") == true)
        #expect(
            try project.run { try $0.adoption(AdoptRequest()) }.problems.map(\.kind) == [.nameTaken]
        )
        let named = HistoryTableName(name) ?? .standard
        let adoption = try project.run {
            $0.historyTable = named
        } _: {
            try $0.adopt(AdoptRequest())
        }
        #expect(adoption.migrations.count == 2)
        #expect(try project.value("SELECT count(*) FROM \(name)") == "2")
    }

    @Test(arguments: Dialect.allCases)
    func `what the old tool has run and has no file is named`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.sql("UPDATE schema_migrations SET version = 9")
        let error = #expect(throws: MigrationError.self) { try adopt(project) }
        #expect(error?.code == .missing)
        #expect(
            error?.message.contains("golang-migrate has applied 9, and there is no such") == true)
    }

    @Test(arguments: Dialect.allCases)
    func `a history with rows, no history and two histories are refused`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.run(elsewhere) { _ = try $0.baseline(#require(Version("1"))) }
        #expect(throws: MigrationError.self) { try adopt(project) }
        let none = #expect(throws: MigrationError.self) {
            try look(project, AdoptRequest(tool: .flyway))
        }
        #expect(none?.code == .invalidRequest)
        #expect(none?.message == "there is no history of Flyway")
        #expect(none?.hint?.contains("'flyway_schema_history' or 'schema_version'") == true)
        try project.sql("CREATE TABLE _sqlx_old (version text)")
        try project.sql("CREATE TABLE gorp_migrations (id text, applied_at timestamp)")
        let two = #expect(throws: MigrationError.self) { try look(project) }
        #expect(
            two?.hint?.contains("--from golang-migrate") == true
                || two?.hint?.contains("--from sql-migrate") == true)
        #expect(try look(project, AdoptRequest(tool: .golangMigrate)).migrations.count == 2)
        let table = HistoryTableName("_sqlx_old")
        #expect(try look(project, AdoptRequest(tool: .dbmate, table: table)).tool == .dbmate)
    }

    @Test(arguments: Dialect.allCases)
    func `golang-migrate's table is kept current where that is asked for`(dialect: Dialect) throws {
        let project = try project(dialect)
        let also: (inout RunContext) -> Void = { context in
            elsewhere(&context)
            context.alsoWrite = .golangMigrate
        }
        _ = try adopt(project, alsoWrite: .golangMigrate)
        try project.up(UpRequest(), also)
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["3"]])
        try project.down(.count(2), also)
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["1"]])
        // A failed migration leaves both as they were.
        try project.write("000002_b", up: "CREATE TABLE b (i integer); SELECT nothing_here;")
        #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["1"]])
        // The old tool went ahead, or failed: its work is not run again.
        try project.sql("UPDATE schema_migrations SET version = 2")
        let ahead = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(ahead?.message == "golang-migrate has applied 2, which our history has not")
        #expect(ahead?.hint == "Record it: migrate repair --mark-applied 000002")
        try project.sql("UPDATE schema_migrations SET version = 3")
        let further = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(further?.hint == "Record it: migrate repair --mark-applied 000002 000003")

        try project.sql("UPDATE schema_migrations SET version = 9")
        try project.run(also) {
            try $0.repair([.markApplied("000002"), .markApplied("000003")])
        }
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["9"]])
        try project.write("000010_d", up: "CREATE TABLE d (i integer);")
        let unknown = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(unknown?.hint?.hasPrefix("There is no file of it in '") == true)
        try project.sql("UPDATE schema_migrations SET version = 1")
        let back = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(
            back?.message
                == "golang-migrate's table does not have 000002 and 000003, which our history has")
        try project.sql("UPDATE schema_migrations SET version = 3, dirty = true")
        let dirty = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(dirty?.message.contains("dirty at version 3") == true)
        try project.sql("DROP TABLE schema_migrations")
        #expect(throws: MigrationError.self) { try project.down(.count(1), also) }
    }

    @Test(arguments: Dialect.allCases)
    func `golang-migrate's version is never set back by what was late`(dialect: Dialect) throws {
        let project = try project(dialect)
        let also: (inout RunContext) -> Void = { context in
            elsewhere(&context)
            context.alsoWrite = .golangMigrate
        }
        _ = try adopt(project, alsoWrite: .golangMigrate)
        try project.write(
            "000000_late", up: "CREATE TABLE late (i integer);", down: "DROP TABLE late;")
        try project.remove("000003_c.up.sql", "000003_c.down.sql")
        var request = UpRequest()
        request.allowsOutOfOrder = true
        try project.up(request, also)
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["2"]])
        try project.down(.count(1), also)
        #expect(try project.sql("SELECT version FROM schema_migrations") == [["2"]])
    }

    @Test(arguments: Dialect.allCases)
    func `dbmate's table is kept current where that is asked for`(dialect: Dialect) throws {
        let project = try project(dialect)
        try project.sql("DROP TABLE schema_migrations")
        try project.sql("CREATE TABLE schema_migrations (version varchar(128) primary key)")
        try project.sql("INSERT INTO schema_migrations VALUES ('000001'), ('000002')")
        let also: (inout RunContext) -> Void = { context in
            elsewhere(&context)
            context.alsoWrite = .dbmate
        }
        _ = try adopt(project, alsoWrite: .dbmate)
        try project.up(UpRequest(), also)
        let versions = "SELECT version FROM schema_migrations ORDER BY 1"
        #expect(try project.sql(versions) == [["000001"], ["000002"], ["000003"]])
        try project.down(.count(1), also)
        #expect(try project.sql(versions) == [["000001"], ["000002"]])
        try project.sql("INSERT INTO schema_migrations VALUES ('000003')")
        let ahead = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(ahead?.hint == "Record it: migrate repair --mark-applied 000003")
        try project.run(also) { try $0.repair([.markApplied("000003")]) }
        #expect(try project.up(UpRequest(), also).applied.isEmpty)
        try project.run(also) { try $0.repair([.markReverted("000003")]) }
        #expect(try project.sql(versions) == [["000001"], ["000002"]])
        // What it has taken back, the next migration may need.
        try project.sql("DELETE FROM schema_migrations WHERE version = '000002'")
        let back = #expect(throws: MigrationError.self) { try project.up(UpRequest(), also) }
        #expect(back?.message == "dbmate's table does not have 000002, which our history has")
        #expect(back?.hint?.contains("migrate repair --mark-reverted 000002.") == true)
        #expect(try project.sql(versions) == [["000001"]])
    }
}
