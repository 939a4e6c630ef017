import Database
import Glibc
import SQLiteDriver
import TestSupport
import Testing

struct SQLiteFileLockTests {
    @Test func `one lock excludes another in the same process and shows its holder`() throws {
        let database = try SQLiteTestDatabase()
        let first = try SQLiteFileLock(databasePath: database.path)
        let second = try SQLiteFileLock(databasePath: database.path)
        #expect(first.path == database.path + "-migrate-lock")
        #expect(try first.tryAcquire(holder: "pid 1\non host") == .acquired)
        #expect(try second.tryAcquire(holder: "pid 2") == .heldBy("pid 1 on host"))
        first.release()
        #expect(!database.folder.has("test.db-migrate-lock"))
        #expect(try second.tryAcquire(holder: "pid 2") == .acquired)
        #expect(try second.tryAcquire(holder: "pid 2 again") == .acquired)
        #expect(try first.tryAcquire(holder: "pid 1") == .heldBy("pid 2 again"))
    }

    @Test func `a lock that goes away is released`() throws {
        let database = try SQLiteTestDatabase()
        do {
            let lock = try SQLiteFileLock(databasePath: database.path)
            #expect(try lock.tryAcquire(holder: "short") == .acquired)
        }
        #expect(!database.folder.has("test.db-migrate-lock"))
    }

    @Test func `symbolic links to a database lead to one lock`() throws {
        let database = try SQLiteTestDatabase()
        try database.folder.folder("elsewhere")
        let link = database.folder.file("elsewhere/link.db")
        try #require(symlink("../test.db", link) == 0)
        try #require(symlink(database.folder.path, database.folder.file("loop")) == 0)
        // First where the file is not there yet, then where it is.
        for _ in 0..<2 {
            for path in [link, database.folder.file("loop/./test.db")] {
                let lock = try SQLiteFileLock(databasePath: path)
                #expect(lock.path == database.path + "-migrate-lock")
            }
            try database.folder.write("", to: "test.db")
        }
    }

    @Test func `a lock needs the database's folder and no circle of links`() throws {
        let folder = try TemporaryFolder()
        let missing = try #require(throws: DatabaseError.self) {
            try SQLiteFileLock(databasePath: folder.file("none/a.db"))
        }
        #expect(missing.code == .cannotConnect)
        try #require(symlink("b.db", folder.file("a.db")) == 0)
        try #require(symlink("a.db", folder.file("b.db")) == 0)
        let circle = try #require(throws: DatabaseError.self) {
            try SQLiteFileLock(databasePath: folder.file("a.db"))
        }
        #expect(circle.message.contains("circle"))
    }

    @Test func `a symbolic link in the place of the lock file is not followed`() throws {
        let database = try SQLiteTestDatabase()
        try database.folder.write("precious", to: "victim")
        try #require(symlink("victim", database.path + "-migrate-lock") == 0)
        let lock = try SQLiteFileLock(databasePath: database.path)
        #expect(throws: DatabaseError.self) { try lock.tryAcquire(holder: "x") }
    }

    @Test func `a lock file that someone replaced is not removed`() throws {
        let database = try SQLiteTestDatabase()
        let first = try SQLiteFileLock(databasePath: database.path)
        #expect(try first.tryAcquire(holder: "first") == .acquired)
        try #require(unlink(first.path) == 0)
        let second = try SQLiteFileLock(databasePath: database.path)
        #expect(try second.tryAcquire(holder: "second") == .acquired)
        first.release()
        #expect(try first.tryAcquire(holder: "first") == .heldBy("second"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a process that is killed with -9 lets go of the lock`() async throws {
        let database = try SQLiteTestDatabase()
        let path = database.path
        async let death = #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String] in
            let lock = try SQLiteFileLock(databasePath: path)
            while try lock.tryAcquire(holder: "\(getpid())") != .acquired { sched_yield() }
            while true { pause() }
        }
        // The child is observed through the lock itself: its line is its process id.
        let lock = try SQLiteFileLock(databasePath: path)
        var child: pid_t?
        while child == nil {
            await Task.yield()
            guard database.folder.has("test.db-migrate-lock") else { continue }
            if case .heldBy(let line) = try lock.tryAcquire(holder: "parent") {
                child = line.flatMap { pid_t($0) }
            } else {
                lock.release()
            }
        }
        let pid = try #require(child)
        #expect(try lock.tryAcquire(holder: "parent") == .heldBy("\(pid)"))
        try #require(kill(pid, SIGKILL) == 0)
        _ = await death
        #expect(database.folder.has("test.db-migrate-lock"))
        #expect(try lock.tryAcquire(holder: "parent") == .acquired)
    }

    @Test func `a stale lock file of another user is replaced`() async throws {
        let database = try SQLiteTestDatabase()
        let stale = try database.folder.write("gone\n", to: "test.db-migrate-lock")
        try #require(chmod(stale, 0o644) == 0 && chmod(database.folder.path, 0o777) == 0)
        let path = database.path
        // A process of its own, as root would be allowed everything.
        await #expect(processExitsWith: .success) { [path = path as String] in
            _ = setgid(65534)
            _ = setuid(65534)
            let lock = try SQLiteFileLock(databasePath: path)
            #expect(try lock.tryAcquire(holder: "new") == .acquired)
            let other = try SQLiteFileLock(databasePath: path)
            #expect(try other.tryAcquire(holder: "other") == .heldBy("new"))
        }
        try #require(chmod(database.folder.path, 0o755) == 0)
        await #expect(processExitsWith: .success) { [path = path as String] in
            _ = setgid(65534)
            _ = setuid(65534)
            let lock = try SQLiteFileLock(databasePath: path + "x")
            let error = try #require(throws: DatabaseError.self) {
                try lock.tryAcquire(holder: "new")
            }
            #expect(error.code == .insufficientPrivilege)
            #expect(error.hint != nil)
        }
    }

    @Test func `eight runners that come and go never hold the lock together`() async throws {
        let database = try SQLiteTestDatabase()
        let path = database.path
        let counter = database.folder.file("counter")
        try database.folder.write("", to: "counter")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for runner in 0..<8 {
                group.addTask {
                    let lock = try SQLiteFileLock(databasePath: path)
                    var turns = 0
                    while turns < 50 {
                        guard try lock.tryAcquire(holder: "\(runner)") == .acquired else {
                            await Task.yield()
                            continue
                        }
                        turns += 1
                        // Whoever is inside alone finds no such folder.
                        #expect(mkdir(counter + "-inside", 0o755) == 0)
                        await Task.yield()
                        #expect(rmdir(counter + "-inside") == 0)
                        lock.release()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(!database.folder.has("test.db-migrate-lock"))
    }
}
