/// dbmate's: a file with `-- migrate:up` and `-- migrate:down`, or several such pairs.
///
/// Source: dbmate 2.37, pkg/dbmate/migration.go.
struct DbmateLayout: SectionLayout {
    let layout = Layout.dbmate
    let withoutTransaction = "Write '-- migrate:up transaction:false'"
    let newText = "-- migrate:up\n\n\n-- migrate:down\n\n"

    /// The way that a mark names.
    static func way(_ word: String) -> Section.Way? {
        guard word.hasPrefix("migrate:") else { return nil }
        return Section.Way(rawValue: String(word.dropFirst("migrate:".count)))
    }

    func sections(_ bytes: [UInt8], _ name: String) throws(MigrationError) -> [Section] {
        var sections: [Section] = []
        for line in Section.lines(bytes) {
            var words = Section.words(line, bytes)
            // '-- migrate: up' is the same mark.
            if words.first == "migrate:", words.count > 1 {
                words = ["migrate:" + words[1]] + words.dropFirst(2)
            }
            guard let first = words.first, let way = Self.way(first) else { continue }
            if !sections.isEmpty {
                sections[sections.count - 1].body =
                    sections[sections.count - 1].body.lowerBound..<line.lowerBound
            }
            sections.append(
                Section(
                    way: way, options: Array(words.dropFirst()), mark: line,
                    body: line.upperBound..<bytes.count))
            for option in words.dropFirst()
            where !["transaction:false", "transaction:true"].contains(option) {
                throw .inFile(
                    name, bytes, at: line.lowerBound, "'\(option)' is no option of dbmate's",
                    hint: "The only one is 'transaction:false'.")
            }
        }
        guard let first = sections.first, first.way == .up else {
            throw .inFile(
                name, bytes, at: sections.first?.mark.lowerBound ?? 0,
                sections.isEmpty
                    ? "there is no '-- migrate:up' line"
                    : "'-- migrate:down' stands before '-- migrate:up'",
                hint: "dbmate's files have '-- migrate:up', the statements, '-- migrate:down', and "
                    + "the statements that undo them.")
        }
        if let stray = Section.firstStatement(in: 0..<first.mark.lowerBound, bytes) {
            throw .inFile(
                name, bytes, at: stray, "only comments may stand before '-- migrate:up'",
                hint: "Move it behind that line.")
        }
        return sections
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        let way: Section.Way = file.part == .down ? .down : .up
        let sections = try sections(bytes, file.name)
        var text = sections.text(way, bytes)
        let own = sections.filter { $0.way == way }
        text.noTransaction = own.contains { $0.options.contains("transaction:false") }
        if text.noTransaction, own.count > 1 {
            throw .inFile(
                file.name, bytes, at: own[1].mark.lowerBound,
                "a file with several pairs of sections runs in one transaction",
                hint: "Put what has 'transaction:false' into a file of its own.")
        }
        return text
    }
}
