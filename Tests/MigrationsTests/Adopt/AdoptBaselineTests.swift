import Database
import Migrations
import Testing

/// Tools whose files are not read: the newest version becomes a baseline.
@Suite struct AdoptBaselineTests {
    private func adopt(_ project: Project, _ tool: HistoryTool? = nil) throws -> Adoption {
        try project.run(elsewhere) { try $0.adopt(AdoptRequest(tool: tool)) }
    }

    private func elsewhere(_ context: inout RunContext) {
        context.historyTable = HistoryTableName("ours") ?? .standard
    }

    private func statements(_ tool: HistoryTool) -> [String] {
        switch tool {
        case .rails:
            [
                "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)",
                "CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar)",
                "INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240202000000')",
            ]
        case .ecto:
            [
                "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp)",
                "INSERT INTO schema_migrations VALUES (20240202000000, '2024-02-02 10:00:00')",
            ]
        case .alembic:
            [
                "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)",
                "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
            ]
        case .django:
            [
                "CREATE TABLE django_migrations (id integer, app varchar, name varchar, applied timestamp)",
                "INSERT INTO django_migrations VALUES (1, 'auth', '0001_initial', '2024-01-01 10:00:00')",
                "INSERT INTO django_migrations VALUES (2, 'shop', '0002_price', '2024-01-02 10:00:00')",
            ]
        case .nodePgMigrate:
            [
                "CREATE TABLE pgmigrations (id integer, name varchar(255), run_on timestamp)",
                "INSERT INTO pgmigrations VALUES (1, '1686000000000_add-users', '2024-01-01 10:00:00')",
            ]
        case .liquibase:
            [
                "CREATE TABLE databasechangelog (id varchar(255), author varchar(255), filename "
                    + "varchar(255), dateexecuted timestamp, orderexecuted int, exectype varchar(10), "
                    + "md5sum varchar(35))",
                "INSERT INTO databasechangelog VALUES ('add-users', 'ann', 'c.sql', "
                    + "'2024-01-01 10:00:00', 1, 'EXECUTED', '9:abc')",
            ]
        default: []
        }
    }

    private static let tools: [(tool: HistoryTool, version: String, name: String)] = [
        (.rails, "20240202000000", "rails 20240202000000"),
        (.ecto, "20240202000000", "ecto 20240202000000"), (.alembic, "0", "alembic ae1027a6acf"),
        (.django, "0", "django shop.0002_price"),
        (.nodePgMigrate, "1686000000000", "node-pg-migrate 1686000000000_add-users"),
        (.liquibase, "0", "liquibase add-users"),
    ]

    @Test(arguments: Dialect.allCases, tools)
    func `the newest version is a baseline, and later files run`(
        dialect: Dialect, known: (tool: HistoryTool, version: String, name: String)
    ) throws {
        let project = try Project(dialect)
        for statement in statements(known.tool) { try project.sql(statement) }
        let adoption = try adopt(project)
        #expect(adoption.tool == known.tool)
        #expect(adoption.migrations.map(\.version) == [known.version])
        #expect(
            try project.sql("SELECT version, name, state FROM ours")
                == [[known.version, known.name, "baseline"]])
        try project.write(
            "20250101000000_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        #expect(try project.up(UpRequest(), elsewhere).applied.map(\.version) == ["20250101000000"])
        let states = try project.run(elsewhere) { try $0.status() }.map(\.state)
        #expect(states == [.applied, .applied])
        // There is nothing of the old tool's to revert.
        #expect(
            try project.run(elsewhere) { try $0.downPlan(.all) }.steps.map(\.version)
                == ["20250101000000"])
        #expect(try adopt(project).isDone)
    }

    @Test(arguments: Dialect.allCases)
    func `an older file is told to take a newer version`(dialect: Dialect) throws {
        let project = try Project(dialect)
        for statement in statements(.rails) { try project.sql(statement) }
        _ = try adopt(project)
        try project.write("001_a", up: "CREATE TABLE a (i integer);")
        let error = #expect(throws: MigrationError.self) { try project.up(UpRequest(), elsewhere) }
        #expect(error?.code == .outOfOrder)
    }

    @Test(arguments: Dialect.allCases)
    func `a file of the newest version stands for what was applied`(dialect: Dialect) throws {
        let project = try Project(dialect)
        for statement in statements(.rails) { try project.sql(statement) }
        try project.write("20240202000000_schema", up: "CREATE TABLE a (i integer);")
        try project.sql("CREATE TABLE a (i integer)")
        let adoption = try adopt(project)
        #expect(adoption.migrations.map(\.file) == ["20240202000000_schema.up.sql"])
        #expect(try project.up(UpRequest(), elsewhere).applied.isEmpty)
    }
}
