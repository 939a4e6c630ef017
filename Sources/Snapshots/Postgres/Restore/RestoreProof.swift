internal import Database
internal import PostgresCatalog
internal import SnapshotFormat

/// Compares what was read out of the restored database with what the snapshot says.
struct RestoreProof {
    let document: CatalogDocument
    let parts: [Part]
    let roles: RolePolicy
    /// Whether both servers are of one major version, and write definitions in the same words.
    let isSameMajor: Bool

    /// The sums of the rows.
    ///
    /// - Throws: `.restoreFailed` with the first table that differs.
    func check(rows restored: [Part]) throws(SnapshotError) {
        func key(_ part: Part) -> [ExactText?] {
            [part.properties["schema"]?.text?.exact, part.properties["table"]?.text?.exact]
        }
        var found: [[ExactText?]: Part] = [:]
        for part in restored { found[key(part)] = part }
        for part in parts where part.kind != .postgresCatalog {
            let other = found[key(part)]
            if part.kind == .postgresLargeObjects, part.rows == 0, other == nil { continue }
            guard let other, other.rows == part.rows else {
                throw SnapshotError(
                    .restoreFailed,
                    "'\(part.name)' has \(other?.rows ?? 0) rows in the place of \(part.rows)")
            }
            guard other.properties["content_hash"] == part.properties["content_hash"] else {
                throw SnapshotError(
                    .restoreFailed, "the rows of '\(part.name)' are not those of the snapshot")
            }
        }
    }

    /// The objects.
    ///
    /// - Throws: `.restoreFailed` with the first object that differs.
    func check(catalog restored: CatalogDocument) throws(SnapshotError) {
        let isExact = isSameMajor && (roles.missing.isEmpty || roles.policy == .createNologin)
        let (wanted, found) = (objects(document, isExact), objects(restored, isExact))
        for (name, object) in wanted where found[name] != object {
            let what = found[name] == nil ? "is missing" : "is another one"
            throw SnapshotError(.restoreFailed, "the \(name.text) \(what) in the restored database")
        }
        for name in found.keys where wanted[name] == nil {
            throw SnapshotError(
                .restoreFailed, "the restored database has the \(name.text) besides")
        }
        guard states(restored) == states(document) || !isExact else {
            throw SnapshotError(.restoreFailed, "a sequence does not stand where it stood")
        }
        var database = restored.database
        database.name = document.database.name
        guard !isExact || database == document.database else {
            throw SnapshotError(.restoreFailed, "the settings of the database are other ones")
        }
    }

    /// Where sequences stand, whatever the order in which they were read.
    private func states(_ document: CatalogDocument) -> Set<[ExactText]> {
        Set(
            document.sequences.map { sequence in
                [sequence.schema, sequence.name]
                    + [sequence.lastValue.map(String.init), sequence.isCalled.map(String.init)]
                    .map { $0 ?? "" }
            }.map(\.exact))
    }

    /// Entries by kind and name; of an entry that need not be the same word by word, no more.
    private func objects(
        _ document: CatalogDocument, _ isExact: Bool
    ) -> [ExactText: CatalogDocument.Entry?] {
        var objects: [ExactText: CatalogDocument.Entry?] = [:]
        for entry in document.entries {
            let name = entry.schema.map { "\($0).\(entry.name)" } ?? entry.name
            objects["\(entry.kind) '\(name)'".exact] = .some(isExact ? Self.comparable(entry) : nil)
        }
        return objects
    }

    /// An entry without what another database may say in another way: the order that was found for
    /// it, the order of an inheriting table's columns, which are its parents' first once it is made
    /// anew, and the names that the server gives to columns of SQL bodies when it reads them again.
    static func comparable(_ entry: CatalogDocument.Entry) -> CatalogDocument.Entry {
        var entry = entry
        entry.id = 0
        entry.dependsOn = []
        for index in entry.statements.indices {
            let sql = entry.statements[index].sql
            if entry.kind == "TABLE", sql.contains("\nINHERITS (") {
                entry.statements[index].sql = sql.split(separator: "\n")
                    .map { $0.last == "," ? $0.dropLast() : $0 }.sorted().joined(separator: "\n")
            } else if sql.contains("BEGIN ATOMIC") {
                entry.statements[index].sql = withoutColumnNames(sql)
            }
        }
        return entry
    }

    /// The words of a statement without `AS name`.
    private static func withoutColumnNames(_ sql: String) -> String {
        var words: [String] = []
        var isName = false
        let separated = sql.flatMap { character in
            character.isLetter || character.isNumber || character == "_" || character == "\""
                ? [character] : [" ", character, " "]
        }
        for word in String(separated).split(whereSeparator: \.isWhitespace) {
            if word == "AS" {
                isName = true
            } else if isName {
                isName = false
            } else {
                words.append(String(word))
            }
        }
        return words.joined(separator: " ")
    }
}
