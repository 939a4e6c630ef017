import Database
import Migrations
import TestSupport
import Testing

/// A history table that is another tool's is recognised, and left as it is by all.
@Suite struct ForeignHistoryTests {
    @Test(
        arguments: Dialect.allCases,
        [
            ("version varchar(128) PRIMARY KEY", "dbmate's or Rails'"),
            ("version bigint PRIMARY KEY, dirty boolean", "golang-migrate's"),
            ("version bigint PRIMARY KEY, inserted_at timestamp", "Ecto's"),
            ("installed_rank integer, version varchar(50), success boolean", "Flyway's"),
            ("id integer, version_id bigint, is_applied boolean, tstamp timestamp", "goose's"),
            ("version text, note text", "another tool's"),
        ])
    func `another tool's table is named and not touched`(
        dialect: Dialect, table: (columns: String, tool: String)
    ) throws {
        let project = try Project(dialect)
        try project.write("1_a", up: "CREATE TABLE a (i integer);", down: "DROP TABLE a;")
        let own = try project.own()
        try own.query("CREATE TABLE schema_migrations (\(table.columns))")
        let column = table.columns.contains("version_id") ? "version_id" : "version"
        try own.query("INSERT INTO schema_migrations (\(column)) VALUES ('20240101')")
        let before = try own.query("SELECT * FROM schema_migrations").rows
        for command in ["up", "down", "status"] {
            let error = #expect(throws: MigrationError.self) {
                switch command {
                case "up": try project.up()
                case "down": try project.down()
                default: _ = try project.run { try $0.status() }
                }
            }
            #expect(error?.code == .foreignHistory, "\(command)")
            #expect(error?.message.contains("is \(table.tool) (columns: ") == true, "\(command)")
            #expect(
                error?.hint?.contains("migrate.schema_migrations") == (dialect == .postgres))
        }
        #expect(try own.query("SELECT * FROM schema_migrations").rows == before)
        #expect(throws: DatabaseError.self) { try own.query("SELECT * FROM a") }
    }
}
