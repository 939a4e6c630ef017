internal import Database

/// goose's: a file with `-- +goose Up` and `-- +goose Down`.
///
/// Source: goose 3, internal/sqlparser/parser.go.
struct GooseLayout: SectionLayout {
    let layout = Layout.goose
    let withoutTransaction = "Write '-- +goose NO TRANSACTION' at the top of the file"
    let newText = "-- +goose Up\n\n\n-- +goose Down\n\n"

    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder {
        for name in listing.names
        where name.hasSuffix(".go") && !name.hasSuffix("_test.go")
            && name.first?.isNumber == true
        {
            throw .file(
                name, "it is a migration in Go, which only goose itself can run",
                hint: "Write what it does in SQL, as a file of the same version; or leave this "
                    + "folder to goose.")
        }
        return try sorted(listing)
    }

    /// What the annotations of a file say.
    private struct Marks {
        var sections: [Section] = []
        var noTransaction = false
        /// Where variables are filled in.
        var variables: [Range<Int>] = []
    }

    func sections(_ bytes: [UInt8], _ name: String) throws(MigrationError) -> [Section] {
        try marks(bytes, name).sections
    }

    private func marks(_ bytes: [UInt8], _ name: String) throws(MigrationError) -> Marks {
        let digits = name.prefix { $0.isASCII && $0.isNumber }
        guard digits.contains(where: { $0 != "0" }) else {
            throw .file(name, "goose keeps version 0 for itself", hint: "Give the file version 1.")
        }
        var marks = Marks()
        var statements = StatementMarks(of: "+goose", in: name, bytes)
        var variablesFrom: Int?
        func wrong(_ at: Int, _ message: String, _ hint: String) -> MigrationError {
            .inFile(name, bytes, at: at, message, hint: hint)
        }
        for line in Section.lines(bytes) {
            let words = Section.words(line, bytes)
            guard words.first == "+goose" else { continue }
            let start = line.lowerBound
            switch words.dropFirst().joined(separator: " ").lowercased() {
            case "up":
                guard marks.sections.isEmpty else {
                    throw wrong(
                        start, "'+goose Up' stands here a second time", "Put it into another file.")
                }
                marks.sections.append(
                    Section(way: .up, options: [], mark: line, body: line.upperBound..<bytes.count))
            case "down":
                guard marks.sections.count == 1, let up = marks.sections.first else {
                    throw wrong(
                        start,
                        marks.sections.isEmpty
                            ? "'+goose Down' stands before '+goose Up'"
                            : "'+goose Down' stands here a second time",
                        "A file has one of each, Up first.")
                }
                marks.sections[0].body = up.body.lowerBound..<start
                marks.sections.append(
                    Section(
                        way: .down, options: [], mark: line, body: line.upperBound..<bytes.count))
            case "statementbegin": try statements.begin(at: start)
            case "statementend": try statements.end(at: start)
            case "no transaction": marks.noTransaction = true
            case "envsub on": variablesFrom = variablesFrom ?? line.upperBound
            case "envsub off":
                if let from = variablesFrom { marks.variables.append(from..<start) }
                variablesFrom = nil
            default:
                throw wrong(
                    start,
                    "'+goose \(words.dropFirst().joined(separator: " "))' is no annotation of goose's",
                    "There are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON "
                        + "and ENVSUB OFF.")
            }
        }
        try statements.finish()
        if let from = variablesFrom { marks.variables.append(from..<bytes.count) }
        guard let up = marks.sections.first else {
            throw wrong(
                0, "there is no '-- +goose Up' line",
                "goose's files have '-- +goose Up', the statements, '-- +goose Down', and the "
                    + "statements that undo them.")
        }
        if let stray = Section.firstStatement(in: 0..<up.mark.lowerBound, bytes) {
            throw wrong(
                stray, "only comments may stand before '-- +goose Up'", "Move it behind that line.")
        }
        return marks
    }

    func text(
        _ bytes: [UInt8], of file: MigrationFile, _ variable: (String) -> String?
    ) throws(MigrationError) -> ScriptText {
        let marks = try marks(bytes, file.name)
        var text = marks.sections.text(file.part == .down ? .down : .up, bytes)
        text.noTransaction = marks.noTransaction
        let places = Placeholders(syntax: .shell, file: file.name, original: bytes)
        text.firstPlace = places.first(in: text.bytes, marks.variables)
        guard text.firstPlace != nil else { return text }
        text.raw = text.bytes
        text.bytes = try places.filled(text.bytes, in: marks.variables, variable)
        return text
    }
}
