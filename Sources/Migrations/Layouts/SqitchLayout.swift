internal import Database

/// Sqitch's: a plan, and a deploy, a revert and a verify script for each change of it. The place in the plan
/// is the version.
///
/// Source: Sqitch 1.3, its manual and lib/App/Sqitch/Plan/Change.pm.
struct SqitchLayout: LayoutReader {
    let withoutTransaction = "Leave out BEGIN and COMMIT, and the statement alone in its file"

    /// Where the scripts stand, as sqitch.conf says.
    private struct Places {
        var top = "."
        var deploy: String?
        var revert: String?
        var verify: String?
        var ending = "sql"

        /// The path of a script below the folder.
        func name(_ kind: String, _ change: String) -> String {
            let own =
                switch kind {
                case "deploy": deploy
                case "revert": revert
                default: verify
                }
            let folder = own ?? (top == "." ? kind : top + "/" + kind)
            return "\(folder)/\(change).\(ending)"
        }
    }

    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        guard listing.names.contains(SqitchPlan.fileName) else {
            throw .file(
                SqitchPlan.fileName, "there is no such file in '\(listing.path)'",
                hint: "Name the folder that has it: --dir, or 'migrations:' in migrate.yaml.")
        }
        let plan = try SqitchPlan(listing.read(SqitchPlan.fileName))
        let places = try places(listing)
        var migrations: [Migration] = []
        for (index, change) in plan.changes.enumerated() {
            let digits = String(index + 1)
            let version = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            guard let version = Version(version) else { continue }
            guard let up = file("deploy", change, places, listing) else {
                throw .file(
                    places.name("deploy", change.name),
                    "the plan has '\(change.name)', and there is no such script",
                    hint: "Bring it back, or remove line \(change.line) of \(SqitchPlan.fileName).")
            }
            var verify = file("verify", change, places, listing)
            verify?.part = .verify
            migrations.append(
                Migration(
                    version: version, name: change.name, up: up,
                    down: file("revert", change, places, listing), verify: verify))
        }
        let notes = plan.foreignNeeds.map {
            "'\($0)' of another project is needed, and not looked at"
        }
        var folder = try MigrationFolder(listing, .sqitch, migrations, notes: notes)
        folder.project = plan.project.isEmpty ? nil : plan.project
        return folder
    }

    /// A script of a change; that of one that was reworked has a tag in its name.
    private func file(
        _ kind: String, _ change: SqitchPlan.Change, _ places: Places, _ listing: FolderListing
    ) -> MigrationFile? {
        let names = change.isReworked ? change.tagsAfter.map { change.name + $0 } : [change.name]
        for name in names.map({ places.name(kind, $0) })
        where Files.exists(listing.path(of: name)) {
            var file = MigrationFile(path: listing.path(of: name), name: name)
            file.layout = .sqitch
            return file
        }
        return nil
    }

    private func places(_ listing: FolderListing) throws(MigrationError) -> Places {
        var places = Places()
        guard listing.names.contains("sqitch.conf") else { return places }
        var section = ""
        for line in String(decoding: try listing.read("sqitch.conf"), as: UTF8.self).split(
            whereSeparator: \.isNewline)
        {
            let line = line.trimmingSpaces()
            if line.hasPrefix("[") {
                section = line.dropFirst().prefix { $0 != "]" }.lowercased()
            }
            guard section == "core", let equals = line.firstIndex(of: "="), line.first != "#",
                line.first != ";"
            else { continue }
            let value = String(line[equals...].dropFirst().trimmingSpaces())
            switch line[..<equals].trimmingSpaces() {
            case "top_dir": places.top = value
            case "deploy_dir": places.deploy = value
            case "revert_dir": places.revert = value
            case "verify_dir": places.verify = value
            case "extension": places.ending = value
            default: break
            }
        }
        return places
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        var text = ScriptText(bytes)
        text.isFree = true
        text.allowsRows = file.part == .verify
        return text
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        var bytes = try listing.read(SqitchPlan.fileName)
        if bytes.last != 0x0A { bytes.append(0x0A) }
        let plan = try SqitchPlan(bytes)
        guard !plan.changes.contains(where: { $0.name == name }) else {
            throw .file(
                SqitchPlan.fileName, "there is a change '\(name)' already",
                hint: "Name another one; 'sqitch rework \(name)' makes a new form of it.")
        }
        let places = try places(listing)
        let digits = String(plan.changes.count + 1)
        let line = "\(name) \(now.prefix(19))Z \(planner) # \(name)\n"
        func script(_ kind: String, _ words: String, _ end: String) -> NewFiles.File {
            .init(
                path: listing.path(of: places.name(kind, name)),
                text: "-- \(words)\n\nBEGIN;\n\n\n\n\(end);\n")
        }
        return NewFiles(
            version: String(repeating: "0", count: max(0, 3 - digits.count)) + digits, name: name,
            files: [
                script("deploy", "Deploy \(name)", "COMMIT"),
                script("revert", "Revert \(name)", "COMMIT"),
                script("verify", "Verify \(name)", "ROLLBACK"),
                .init(
                    path: listing.path(of: SqitchPlan.fileName),
                    text: String(decoding: bytes, as: UTF8.self) + line, replaces: true),
            ])
    }
}
