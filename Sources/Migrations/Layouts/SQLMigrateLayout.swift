/// rubenv/sql-migrate's: a file with `-- +migrate Up` and `-- +migrate Down`.
///
/// Source: rubenv/sql-migrate, sqlparse/sqlparse.go.
struct SQLMigrateLayout: SectionLayout {
    let layout = Layout.sqlMigrate
    let withoutTransaction = "Write '-- +migrate Up notransaction'"
    let newText = "-- +migrate Up\n\n\n-- +migrate Down\n\n"

    func sections(_ bytes: [UInt8], _ name: String) throws(MigrationError) -> [Section] {
        var sections: [Section] = []
        var statements = StatementMarks(of: "+migrate", in: name, bytes)
        func wrong(_ at: Int, _ message: String, _ hint: String) -> MigrationError {
            .inFile(name, bytes, at: at, message, hint: hint)
        }
        for line in Section.lines(bytes) {
            let words = Section.words(line, bytes)
            guard words.first == "+migrate" else { continue }
            let start = line.lowerBound
            switch words.dropFirst().first?.lowercased() {
            case "up", "down":
                let options = words.dropFirst(2).map { $0.lowercased() }
                if let option = options.first(where: { $0 != "notransaction" }) {
                    throw wrong(
                        start, "'\(option)' is no option of sql-migrate's",
                        "The only one is 'notransaction'.")
                }
                if !sections.isEmpty {
                    sections[sections.count - 1].body =
                        sections[sections.count - 1].body.lowerBound..<start
                }
                sections.append(
                    Section(
                        way: words[1].lowercased() == "up" ? .up : .down, options: options,
                        mark: line, body: line.upperBound..<bytes.count))
            case "statementbegin": try statements.begin(at: start)
            case "statementend": try statements.end(at: start)
            default:
                throw wrong(
                    start,
                    "'+migrate \(words.dropFirst().joined(separator: " "))' is no mark of sql-migrate's",
                    "There are Up, Down, StatementBegin and StatementEnd.")
            }
        }
        try statements.finish()
        guard let first = sections.first, sections.contains(where: { $0.way == .up }) else {
            throw wrong(
                0, "there is no '-- +migrate Up' line",
                "sql-migrate's files have '-- +migrate Up', the statements, '-- +migrate Down', and "
                    + "the statements that undo them.")
        }
        if let stray = Section.firstStatement(in: 0..<first.mark.lowerBound, bytes) {
            throw wrong(
                stray, "only comments may stand before the first '-- +migrate' line",
                "Move it behind that line.")
        }
        return sections
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        let way: Section.Way = file.part == .down ? .down : .up
        let sections = try sections(bytes, file.name)
        var text = sections.text(way, bytes)
        // sql-migrate runs the sections of each way in the order of the file.
        text.reversedStarts = []
        text.noTransaction = sections.contains {
            $0.way == way && $0.options.contains("notransaction")
        }
        return text
    }
}
