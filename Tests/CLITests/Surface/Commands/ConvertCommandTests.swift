import Foundation
import TestSupport
import Testing

/// `migrate convert`, and folders whose layout is named.
@Suite struct ConvertCommandTests {
    private static let files = [
        "1_a.sql": "-- +goose Up\nCREATE TABLE a (x integer);\n-- +goose Down\nDROP TABLE a;\n"
    ]

    @Test(arguments: SurfaceDatabase.allCases)
    func `converted files go on with the history`(_ database: SurfaceDatabase) throws {
        let project = try SurfaceProject(database, migrations: Self.files)
        try project.migrate("up").expect(0)
        let converted = try project.migrate("convert", "--to", "native", "new")
        converted.expect(0)
        #expect(
            converted.output
                == "wrote 2 files to 'new', from those of goose\nnext: set 'migrations: "
                + "new' in migrate.yaml\n")
        let up = try project.migrate("up", "--dir", "new")
        up.expect(0)
        #expect(up.output == "nothing to do\n")
        try project.migrate("down", "--dir", "new").expect(0)
        #expect(try project.tables() == [])
    }

    @Test func `each mistake has its answer, and nothing is written`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.files)
        try project.migrate("convert", "new").expect(2)
        try project.migrate("convert", "--to", "dbmate", "new").expect(2)
        let taken = try project.migrate("convert", "--to", "native", "migrations")
        taken.expect(2)
        taken.expectError("error: 'migrations' is there and not empty\n")
        try project.write("-- +goose Up\nSELECT '", to: "2_b.sql")
        let broken = try project.migrate("convert", "--to", "native", "new")
        broken.expect(3)
        broken.expectError("migrations/2_b.sql:2:8: error: ")
        #expect(!project.folder.has("new"))
        let document = try project.migrate(
            "convert", "--to", "native", "new", "--json", environment: ["MIGRATE_LAYOUT": "native"])
        document.expect(3)
        #expect(try document.json()["command"] as? String == "convert")
    }

    @Test func `the layout is named by the file and the variable`() throws {
        let project = try SurfaceProject(
            .postgres,
            migrations: [
                "1_a.up.sql": "CREATE TABLE a (x integer);",
                "2_b.up.sql": "CREATE INDEX CONCURRENTLY i ON a (x);",
            ])
        try project.migrate("up").expect(3)
        let wrong = try project.migrate("up", environment: ["MIGRATE_LAYOUT": "flywai"])
        wrong.expect(3)
        wrong.expectError(
            "error: 'flywai' in MIGRATE_LAYOUT is no layout\nhint: There are auto, native, ")
        try project.folder.write("layout: golang-migrate\n", to: "migrate.yaml")
        try project.migrate("up").expect(0)
    }

    @Test func `an approved plan of another tool's folder`() throws {
        let project = try SurfaceProject(.sqlite, migrations: Self.files)
        let alice = try SSHKey("alice", in: project.folder)
        try project.folder.write("alice@example.com \(alice.publicKey)\n", to: "signers")
        try project.folder.write(
            "environments:\n  production:\n    url: \"\(project.url)\"\n"
                + "    approvals: { required: 1, signers: signers }\n", to: "migrate.yaml")
        func run(_ arguments: String...) throws -> ProgramResult {
            try MigrateProgram.run(["--env", "production"] + arguments, in: project.folder.path)
        }
        try run("plan", "--out", "plan.json").expect(0)
        try project.write(
            "-- +goose Up\nCREATE TABLE b (x integer);\n-- +goose Down\nDROP TABLE a;\n",
            to: "1_a.sql")
        let changed = try run("approve", "plan.json", "--key", alice.path, "--yes")
        changed.expect(9)
        changed.expectError("'1_a.sql' is not the file that the plan is for\n")
        try project.write(try #require(Self.files["1_a.sql"]), to: "1_a.sql")
        try run("approve", "plan.json", "--key", alice.path, "--yes").expect(0)
        try run("up").expect(0)
    }
}
