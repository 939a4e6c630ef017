import Foundation
import TestSupport
import Testing

/// Files and folders that the run may not write: it says what is missing, and changes nothing.
///
/// Permissions do not bind root, so that the program runs as another user where the tests run as
/// root.
@Suite struct CrashPermissionTests {
    /// A database with one migration applied and one pending, and the program as a user who has
    /// only what "others" may do; the tests' own user where that is not root.
    private final class Place {
        let database: CrashDatabase
        private let program: String
        private let isRoot = geteuid() == 0

        init() throws {
            database = try CrashDatabase(.rollbackJournal)
            #expect(try database.migrate(["up", "--to", "001"]).status == 0)
            // The folder of the build may be closed to others.
            program = database.folder.file("migrate")
            try FileManager.default.copyItem(
                atPath: MigrateProgram.product("migrate"), toPath: program)
        }

        /// Gives the owner of the tests, or others, these permissions.
        func allow(_ permissions: String, on path: String) {
            let bits: mode_t =
                (permissions.contains("r") ? 4 : 0)
                + (permissions.contains("w") ? 2 : 0) + (permissions.contains("x") ? 1 : 0)
            #expect(chmod(path, isRoot ? 0o700 | bits : bits << 6) == 0)
        }

        func migrate(_ command: [String]) throws -> ProgramResult {
            let prefix = isRoot ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""
            return try MigrateProgram.run(
                database.arguments(command), in: database.folder.path,
                shell: "exec \(prefix) \(program) \"$@\"")
        }

        deinit { _ = chmod(database.folder.path, 0o755) }
    }

    private static func expectRefusal(
        _ place: Place, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try place.migrate(["up"])
        _ = chmod(place.database.folder.path, 0o755)
        _ = chmod(place.database.file, 0o644)
        #expect(result.status == 4, "\(result.summary)", sourceLocation: sourceLocation)
        #expect(
            result.errors.contains(words), "\(result.summary)", sourceLocation: sourceLocation)
        #expect(result.errors.contains("hint: Give this user"), sourceLocation: sourceLocation)
        let state = try place.database.state()
        #expect(state.recorded == "001", sourceLocation: sourceLocation)
        #expect(state.log.count == 1, sourceLocation: sourceLocation)
        #expect(
            try place.database.migrate(["up", "--lock-wait", "0s"]).status == 0,
            sourceLocation: sourceLocation)
    }

    @Test func `a database file that may only be read is refused`() throws {
        let place = try Place()
        place.allow("rwx", on: place.database.folder.path)
        place.allow("r", on: place.database.file)
        try Self.expectRefusal(place, "app.db' is read-only")
    }

    @Test func `a database file of another user is refused`() throws {
        let place = try Place()
        place.allow("rwx", on: place.database.folder.path)
        place.allow("", on: place.database.file)
        try Self.expectRefusal(place, "app.db': permission denied")
    }

    @Test func `a folder that may not be written is refused`() throws {
        let place = try Place()
        place.allow("rw", on: place.database.file)
        place.allow("rx", on: place.database.folder.path)
        try Self.expectRefusal(place, "app.db-migrate-lock': permission denied")
    }

    @Test func `no database is created in a folder that may not be written`() throws {
        let place = try Place()
        unlink(place.database.file)
        place.allow("rx", on: place.database.folder.path)
        let result = try place.migrate(["up"])
        _ = chmod(place.database.folder.path, 0o755)
        #expect(result.status == 4, "\(result.summary)")
        #expect(result.errors.contains("app.db': permission denied"))
        #expect(result.errors.contains("hint: Give this user"))
        #expect(!place.database.folder.has("app.db"))
        #expect(!place.database.folder.has("app.db-migrate-lock"))
    }

    @Test func `who may only read can look`() throws {
        let place = try Place()
        place.allow("r", on: place.database.file)
        place.allow("rx", on: place.database.folder.path)
        for command in ["status", "plan"] {
            let result = try place.migrate([command])
            #expect(result.status == 0, "\(command): \(result.summary)")
        }
    }

    /// A run that was killed leaves its lock file; it may have been another user's.
    @Test func `the lock file that another user left is taken over`() throws {
        let place = try Place()
        place.allow("rwx", on: place.database.folder.path)
        place.allow("rw", on: place.database.file)
        let lock = try place.database.folder.write(
            "migrate 1@gone root then\n", to: "app.db-migrate-lock")
        place.allow("r", on: lock)
        let result = try place.migrate(["up", "--lock-wait", "0s"])
        #expect(result.status == 0, "\(result.summary)")
        #expect(!place.database.folder.has("app.db-migrate-lock"))
    }
}
