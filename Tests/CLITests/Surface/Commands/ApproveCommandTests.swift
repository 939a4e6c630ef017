import Foundation
import TestSupport
import Testing

/// Approving a plan with an SSH key, as a person does it.
struct ApproveCommandTests {
    let project: SurfaceProject
    let alice: SSHKey
    let dev: SSHKey

    init() throws {
        project = try SurfaceProject(
            .sqlite,
            migrations: [
                "001_users.up.sql": "CREATE TABLE users (id integer);",
                "001_users.down.sql": "DROP TABLE users;",
            ])
        alice = try SSHKey("alice", in: project.folder)
        dev = try SSHKey("dev", "ecdsa:256", in: project.folder)
        try project.folder.folder("ops")
        try project.folder.write(
            "alice@example.com \(alice.publicKey)\ndev@example.com \(dev.publicKey)\n",
            to: "ops/allowed_signers")
        try configure("required: 1, signers: ops/allowed_signers")
    }

    func configure(_ approvals: String) throws {
        try project.folder.write(
            """
            environments:
              production:
                url: "\(project.url)"
                approvals: { \(approvals) }

            """, to: "migrate.yaml")
    }

    @discardableResult
    func migrate(_ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(["--env", "production"] + arguments, in: project.folder.path)
    }

    func approve(_ key: SSHKey, _ arguments: String...) throws -> ProgramResult {
        try MigrateProgram.run(
            ["approve", "plan.json", "--key", key.path, "--yes"] + arguments,
            in: project.folder.path)
    }

    func plan() throws { try migrate("plan", "--out", "plan.json").expect(0) }

    func files(_ suffix: String) throws -> [String] {
        let folder = project.folder.file("approvals")
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(suffix) }.map { folder + "/" + $0 }
    }

    @Test func `a plan runs only once it is approved`() throws {
        try plan()
        let refused = try migrate("up")
        refused.expect(9)
        #expect(refused.errors.contains("1 approval"))
        #expect(!project.folder.has("app.db"))
        try approve(alice).expect(0)
        try migrate("up").expect(0)
        try migrate("up").expect(0)
    }

    @Test func `one byte of a migration makes the approval void`() throws {
        try plan()
        try approve(alice).expect(0)
        try project.write("CREATE TABLE users (id integer) ;", to: "001_users.up.sql")
        try migrate("up").expect(9)
        try project.write("CREATE TABLE users (id integer);", to: "001_users.up.sql")
        try migrate("up").expect(0)
    }

    @Test func `a new migration, and a changed history, make the approval void`() throws {
        try plan()
        try approve(alice).expect(0)
        try project.write("SELECT 1;", to: "002_more.up.sql")
        try migrate("up").expect(9)
        try migrate("up", "--to", "1").expect(0)
        try plan()
        try approve(alice).expect(0)
        try migrate("down", "--yes").expect(0)
        try migrate("up").expect(9)
    }

    @Test func `ssh-keygen verifies what was signed`() throws {
        try plan()
        try approve(alice).expect(0)
        let statement = try #require(files(".approval").first)
        let output = try SSHKey.keygen(
            [
                "-Y", "verify", "-f", project.folder.file("ops/allowed_signers"), "-I",
                "alice@example.com", "-n", "migrate-approval", "-s", statement + ".sig",
            ], input: statement)
        #expect(output.contains("Good \"migrate-approval\" signature for alice@example.com"))
    }

    @Test func `a rejection blocks until it is withdrawn`() throws {
        try configure("required: 1, signers: ops/allowed_signers")
        try plan()
        try approve(alice).expect(0)
        try approve(dev, "--reject", "locks orders for too long").expect(0)
        let refused = try migrate("up")
        refused.expect(9)
        #expect(refused.errors.contains("dev@example.com"))
        #expect(refused.errors.contains("locks orders for too long"))
        try approve(dev, "--withdraw").expect(0)
        try migrate("up").expect(0)
    }

    @Test func `approvals stand in the log of the database too`() throws {
        try configure("required: 2, signers: ops/allowed_signers")
        try plan()
        let early = try approve(alice, "--record")
        early.expect(9)
        #expect(early.errors.contains("the database has no log yet to record an approval in"))
        for key in [alice, dev] { try approve(key).expect(0) }
        try migrate("up").expect(0)
        try project.write("CREATE TABLE b (id integer);", to: "002_b.up.sql")
        try plan()
        let first = try approve(alice, "--record")
        first.expect(0)
        #expect(first.output.contains("approved by alice@example.com: the log of "))
        try approve(dev, "--reject", "too long").expect(0)
        let refused = try migrate("up")
        refused.expect(9)
        #expect(refused.errors.contains("too long"))
        // A word in the log takes back one in a file: both are counted together.
        try approve(dev, "--record").expect(0)
        let listed = try migrate("plan", "--approvals")
        #expect(listed.output.contains("2 approvals of 2"))
        try migrate("up").expect(0)
        let audit = try migrate("audit", "--verify")
        audit.expect(0)
        #expect(audit.output.contains("approve by alice@example.com, plan "))
        #expect(audit.output.contains("approve by dev@example.com, plan "))
        #expect(!audit.output.contains("BEGIN"))
    }

    @Test func `an entry of the log that nobody signed counts for nothing`() throws {
        try plan()
        try approve(alice).expect(0)
        try migrate("up").expect(0)
        try project.write("CREATE TABLE b (id integer);", to: "002_b.up.sql")
        try plan()
        try approve(alice, "--record").expect(0)
        _ = try project.rows(
            "UPDATE schema_migrations_log SET details = replace(details, 'alice', 'dev') "
                + "WHERE action = 'approval'")
        let refused = try migrate("up")
        refused.expect(9)
        let listed = try migrate("plan", "--approvals")
        #expect(listed.output.contains("does not count: dev@example.com: "))
    }

    @Test func `two persons must sign, and plan says who is missing`() throws {
        try configure("required: 2, signers: ops/allowed_signers")
        try plan()
        try approve(alice).expect(0)
        try approve(alice).expect(0)
        let one = try migrate("plan", "--approvals")
        #expect(one.output.contains("approved by alice@example.com"))
        #expect(one.output.contains("1 approval of 2: 1 missing"))
        try migrate("up").expect(9)
        try approve(dev).expect(0)
        let document = try migrate("plan", "--approvals", "--json").json()
        let approvals = try #require(document["approvals"] as? [String: Any])
        #expect(approvals["missing"] as? Int == 0)
        try migrate("up").expect(0)
    }

    @Test func `the author of a migration cannot approve it`() throws {
        try configure("required: 1, signers: ops/allowed_signers, forbid_author: true")
        try plan()
        try approve(alice).expect(0)
        let unknown = try migrate("up")
        unknown.expect(9)
        #expect(unknown.errors.contains("git"))
        for command in [
            ["init", "-q"], ["config", "user.email", "dev@example.com"],
            ["config", "user.name", "Dev"], ["add", "migrations"], ["commit", "-q", "-m", "users"],
        ] {
            _ = try Tool.run("git", ["-C", project.folder.path] + command)
        }
        try approve(dev).expect(0)
        let listed = try migrate("plan", "--approvals")
        #expect(
            listed.output.contains(
                "does not count: dev@example.com: 'dev@example.com' wrote a migration of this plan")
        )
        #expect(listed.output.contains("1 approval of 1"))
        try migrate("up").expect(0)
    }

    // MARK: Mistakes

    @Test func `a plan that was edited is not signed`() throws {
        try plan()
        let text = try String(contentsOfFile: project.folder.file("plan.json"), encoding: .utf8)
        try project.folder.write(text.replacing("users", with: "harmless"), to: "plan.json")
        let result = try approve(alice)
        result.expect(9)
        #expect(result.errors.contains("the plan 'plan.json' was changed after it was written"))
        #expect(!project.folder.has("approvals"))
    }

    @Test func `a plan whose files are others here is not signed`() throws {
        try plan()
        try project.write("DROP TABLE users;", to: "001_users.up.sql")
        let result = try approve(alice)
        result.expect(9)
        #expect(result.errors.contains("'001_users.up.sql' is not the file that the plan is for"))
        #expect(!project.folder.has("approvals"))
    }

    @Test func `who is no signer is told so before anything is written`() throws {
        try plan()
        let eve = try SSHKey("eve", in: project.folder)
        let stranger = try approve(eve, "--as", "alice@example.com")
        stranger.expect(9)
        #expect(stranger.errors.contains("is not among the allowed signers"))
        let other = try approve(alice, "--as", "dev@example.com")
        other.expect(9)
        #expect(other.errors.contains("its key belongs to 'alice@example.com'"))
        try approve(eve).expect(2)
        #expect(!project.folder.has("approvals"))
    }

    @Test func `each mistake has its own answer`() throws {
        try plan()
        let absent = try MigrateProgram.run(
            ["approve", "none.json", "--key", alice.path], in: project.folder.path)
        absent.expect(3)
        #expect(absent.errors.contains("hint: Write one: migrate plan --env NAME --out none.json"))
        let noKey = try MigrateProgram.run(
            ["approve", "plan.json", "--key", "id", "--yes"], in: project.folder.path)
        noKey.expect(2)
        try approve(alice, "--reject", "x", "--withdraw").expect(2)
        try approve(alice, "--reject", "two\nlines").expect(2)
        try project.folder.write("alice@example.com ssh-ed25519 AAAA\n", to: "ops/allowed_signers")
        let signers = try approve(alice)
        signers.expect(3)
        #expect(signers.errors.hasPrefix("ops/allowed_signers:1: error: it ends too early"))
        try configure("required: 1")
        let config = try approve(alice)
        config.expect(3)
        #expect(config.errors.hasPrefix("migrate.yaml:4:16: error: "))
        let unasked = try MigrateProgram.run(
            ["approve", "plan.json", "--key", alice.path], in: project.folder.path)
        unasked.expect(3)
    }

    @Test func `without a terminal and --yes nothing is signed`() throws {
        try plan()
        let result = try MigrateProgram.run(
            ["approve", "plan.json", "--key", alice.path], in: project.folder.path)
        result.expect(9)
        #expect(!project.folder.has("approvals"))
    }
}
