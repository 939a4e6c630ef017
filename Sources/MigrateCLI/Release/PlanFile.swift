internal import FoundationEssentials
internal import Database
internal import Migrations

/// A plan as `migrate plan --out` wrote it: what a person is asked to approve.
struct PlanFile {
    /// What the digest binds.
    var record: PlanRecord
    /// Where each step's script stood when the plan was made.
    var files: [String]
    /// The database, for display.
    var database: String?

    private struct Document: Decodable {
        struct Step: Decodable {
            var version: String
            var name: String
            var action: String
            var file: String
            var checksum: String
            var verify_checksum: String?
            var down_checksum: String?
            var statements_done: Int
        }
        var command: String
        var environment: String
        var database: String?
        var digest: String
        var history_digest: String
        var migrations: [Step]
    }

    /// Reads one, and works its digest out again: a file whose contents were changed shows other
    /// migrations than would be signed.
    ///
    /// - Throws: `Failure`.
    init(_ path: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(Files.Failure) {
            bytes = try Files.read(path)
        } catch {
            throw Failure(
                .configuration, "plan_unreadable",
                "the plan '\(path)' cannot be read: \(error.reason)",
                hint: "Write one: migrate plan --env NAME --out \(path)")
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            document.command == "plan"
        else {
            throw Failure(
                .configuration, "plan_unreadable",
                "'\(path)' is not a plan that 'migrate plan --out' wrote",
                hint: "Write one: migrate plan --env NAME --out \(path)")
        }
        record = PlanRecord(
            environment: document.environment, historyDigest: document.history_digest,
            steps: document.migrations.map {
                PlanRecord.Step(
                    version: $0.version, name: $0.name, action: $0.action,
                    statementsDone: $0.statements_done, checksum: $0.checksum,
                    verifyChecksum: $0.verify_checksum, downChecksum: $0.down_checksum)
            })
        files = document.migrations.map(\.file)
        database = document.database
        guard record.digest == document.digest else {
            throw Failure(
                .refused, "plan_changed",
                "the plan '\(path)' was changed after it was written: its digest is another's",
                hint: "Write it anew with 'migrate plan --out', and look at it again.")
        }
    }

    /// Writes what `plan` says as a file that `approve` reads.
    ///
    /// - Throws: `Failure`.
    static func write(
        _ facts: [String: JSONValue], _ environment: String, to path: String
    ) throws(Failure) {
        var members = facts
        members["command"] = "plan"
        members["environment"] = .string(environment)
        do throws(Files.Failure) {
            try Files.replace(path, JSONValue.object(members).text + "\n")
        } catch {
            throw Failure(
                .storageFailed, "plan_not_written",
                "the plan '\(path)' cannot be written: \(error.reason)",
                hint: "Check that its folder is there and may be written.")
        }
    }

    /// Compares the scripts with the files in a folder: whoever signs reads the files, not their
    /// checksums.
    ///
    /// - Returns: the names of files that are not there.
    /// - Throws: `Failure` where one is another than the plan's, `MigrationError` where the folder does
    ///   not hold together.
    func compare(with folder: String, _ layout: Layout?) throws -> [String] {
        guard Files.exists(folder) else { return files.map(Self.lastPart) }
        let found = try MigrationFolder.discover(folder, dialect: .postgres, layout: layout)
        var missing: [String] = []
        for (step, file) in zip(record.steps, files) {
            guard let (name, checksum) = try found.checksum(ofFileAt: file) else {
                missing.append(Self.lastPart(file))
                continue
            }
            let path = folder + "/" + name
            guard checksum == step.checksum else {
                var failure = Failure(
                    .refused, "plan_changed", "'\(name)' is not the file that the plan is for",
                    hint: "Check out what is to be released, or write the plan anew.")
                failure.file = path
                throw failure
            }
        }
        return missing
    }

    private static func lastPart(_ path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }
}
