import Foundation
import TestSupport
import Testing

@Suite struct EnvironmentsCommandTests {
    private static let config = """
        default_environment: dev
        environments:
          local: { url: 'sqlite:local.db', transaction: all }
          dev:
            url: postgres://ann:hunter2@db.example:5433/app?sslmode=require
          staging: { url: "${STAGING_URL}", verify: { after: true }, lock: lease }
          production:
            url: ${PRODUCTION_URL}
            protected: true
          broken: { url: 'mysql://h/d' }
          empty: {}
        """

    @Test func `addresses without passwords, rules, and what keeps one from being shown`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.config, to: "migrate.yaml")
        let result = try MigrateProgram.run(
            ["environments", "--offline"], in: folder.path,
            environment: ["STAGING_URL": "host=stage user=bob dbname=app password=hunter2"])
        result.expect(0)
        #expect(!result.output.contains("hunter2"))
        let rows = result.output.split(separator: "\n").dropFirst().map { row in
            row.components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
        }
        #expect(
            rows == [
                ["local", "sqlite:local.db", "one transaction"],
                ["dev *", "postgres://ann@db.example:5433/app"],
                ["staging", "postgres://bob@stage:5432/app", "verify after, lease"],
                [
                    "production",
                    "'environments.production.url' needs the variable 'PRODUCTION_URL', which is "
                        + "not set", "protected",
                ],
                ["broken", "the scheme 'mysql' is not a database that this program knows"],
                ["empty", "no url"],
            ])
    }

    @Test func `a name that is none of them is an error that lists them`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.config, to: "migrate.yaml")
        let result = try MigrateProgram.run(
            ["environments", "--env", "prodution"], in: folder.path)
        result.expect(3)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("there is no environment 'prodution'"))
        #expect(result.errors.contains("production"))
    }

    @Test func `the chosen one is marked`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.config, to: "migrate.yaml")
        for (arguments, variables) in [
            (["environments", "--offline", "--env", "staging"], [:]),
            (["environments", "--offline"], ["MIGRATE_ENV": "staging"]),
        ] {
            let result = try MigrateProgram.run(
                arguments, in: folder.path, environment: variables)
            #expect(result.output.contains("\nstaging *  "))
            #expect(!result.output.contains("dev *"))
        }
    }

    @Test func `without a configuration there are none`() throws {
        let folder = try TemporaryFolder()
        let result = try MigrateProgram.run(["environments"], in: folder.path)
        result.expect(3)
        #expect(
            result.errors == """
                error: there is no migrate.yaml here or above
                hint: Create one with 'migrate init', or name it with --config.

                """)
    }
}
