internal import Database

/// A part of a file that a marked line begins, up to the next one: `-- migrate:up`, `-- +goose Down`.
struct Section: Hashable {
    /// Where the statements lead.
    enum Way: String, Hashable {
        case up, down
    }

    /// Which way.
    let way: Way
    /// The words behind the mark.
    let options: [String]
    /// The line of the mark, with its end.
    let mark: Range<Int>
    /// What follows it.
    var body: Range<Int>

    /// The tool whose marks stand in a file; nil where there are none.
    static func layout(of bytes: [UInt8]) -> Layout? {
        for line in Self.lines(bytes) {
            let words = words(line, bytes)
            guard let first = words.first else { continue }
            if DbmateLayout.way(first) != nil { return .dbmate }
            guard words.count > 1 else { continue }
            if first == "+goose" { return .goose }
            if first == "+migrate" { return .sqlMigrate }
        }
        return nil
    }

    /// The lines that begin with `--`, each with its end.
    static func lines(_ bytes: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            if end - start > 2, bytes[start] == 0x2D, bytes[start + 1] == 0x2D {
                lines.append(start..<end)
            }
            start = end
        }
        return lines
    }

    /// The words of such a line, without the dashes.
    static func words(_ line: Range<Int>, _ bytes: [UInt8]) -> [String] {
        String(decoding: bytes[line].dropFirst(2), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// The first offset in `range` that is neither white space nor in a comment line; nil where there
    /// is none.
    static func firstStatement(in range: Range<Int>, _ bytes: [UInt8]) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D, 0x0C, 0xEF, 0xBB, 0xBF: index += 1
            case 0x2D where index + 1 < range.upperBound && bytes[index + 1] == 0x2D:
                index = bytes[index..<range.upperBound].firstIndex(of: 0x0A) ?? range.upperBound
            default: return index
            }
        }
        return nil
    }
}

/// The marks around a statement that goose and sql-migrate would cut at its semicolons: `+goose
/// StatementBegin`. Here statements end where SQL ends them, and only the pairs are looked at.
struct StatementMarks {
    /// `+goose`.
    let tool: String
    /// The file's name and bytes, for places.
    let file: String
    let bytes: [UInt8]
    private var open: Int?

    init(of tool: String, in file: String, _ bytes: [UInt8]) {
        self.tool = tool
        self.file = file
        self.bytes = bytes
    }

    mutating func begin(at offset: Int) throws(MigrationError) {
        guard open == nil else {
            throw problem(
                offset, "StatementBegin' inside of another one",
                "End that one with '-- \(tool) StatementEnd' first.")
        }
        open = offset
    }

    mutating func end(at offset: Int) throws(MigrationError) {
        guard open != nil else {
            throw problem(
                offset, "StatementEnd' without its begin",
                "Put '-- \(tool) StatementBegin' before the statement.")
        }
        open = nil
    }

    /// Looks whether the last one was ended.
    func finish() throws(MigrationError) {
        guard let open else { return }
        throw problem(
            open, "StatementBegin' has no end",
            "Put '-- \(tool) StatementEnd' behind the statement.")
    }

    private func problem(_ offset: Int, _ words: String, _ hint: String) -> MigrationError {
        .inFile(file, bytes, at: offset, "'\(tool) \(words)", hint: hint)
    }
}

extension [Section] {
    /// What of a file its sections of one way are.
    func text(_ way: Section.Way, _ bytes: [UInt8]) -> ScriptText {
        let bodies = filter { $0.way == way }.map(\.body)
        var text = ScriptText(bytes.blanked(except: bodies))
        text.own = bodies.flatMap { bytes[$0] }
        if way == .up, let first { text.header = [UInt8](bytes[..<first.mark.lowerBound]) }
        // What came last goes first on the way back.
        if way == .down, bodies.count > 1 { text.reversedStarts = bodies.map(\.lowerBound) }
        return text
    }
}

extension [UInt8] {
    /// The same with spaces in place of everything outside of `ranges`, line ends apart.
    func blanked(except ranges: [Range<Int>]) -> [UInt8] {
        var result = map { byte in byte == 0x0A ? byte : 0x20 as UInt8 }
        for range in ranges { result.replaceSubrange(range, with: self[range]) }
        return result
    }

    /// The same with spaces in place of everything in `ranges`, line ends apart.
    func blanked(in ranges: [Range<Int>]) -> [UInt8] {
        var result = self
        for index in ranges.joined() where result[index] != 0x0A { result[index] = 0x20 }
        return result
    }
}

/// What tools with sections have in common: one file a migration, whose down section may be missing.
protocol SectionLayout: LayoutReader {
    var layout: Layout { get }

    /// The sections of a file, in order.
    ///
    /// - Throws: `.invalidFiles` with line and column.
    func sections(_ bytes: [UInt8], _ name: String) throws(MigrationError) -> [Section]

    /// What a new file holds.
    var newText: String { get }
}

extension SectionLayout {
    func folder(
        _ listing: FolderListing, _ dialect: Dialect
    ) throws(MigrationError) -> MigrationFolder { try sorted(listing) }

    /// Each file as a migration, both ways in it.
    func sorted(_ listing: FolderListing) throws(MigrationError) -> MigrationFolder {
        var migrations: [Migration] = []
        var notes: [String] = []
        for name in try listing.scripts() {
            guard let numbered = NumberedName(name, isSimple: true) else {
                notes.append("'\(name)' has no version, and is passed over as by \(layout.title)")
                continue
            }
            let sections = try sections(listing.read(name), name)
            var up = MigrationFile(path: listing.path(of: name), name: name)
            (up.layout, up.part) = (layout, .up)
            var down = up
            down.part = .down
            // The words behind '.up' belong to the name here.
            let stem = name.dropLast(".sql".count).drop { $0.isASCII && $0.isNumber }
            migrations.append(
                Migration(
                    version: numbered.version, name: String(stem.drop { $0 == "_" || $0 == "-" }),
                    up: up, down: sections.contains { $0.way == .down } ? down : nil, verify: nil))
        }
        let folder = try MigrationFolder(listing, layout, migrations, notes: notes)
        guard layout == .dbmate else { return folder }
        // dbmate sorts by name as text.
        let names = folder.migrations.compactMap { $0.up?.name }
        guard
            let index = names.indices.dropFirst().first(where: {
                names[$0].utf8.lexicographicallyPrecedes(names[$0 - 1].utf8)
            })
        else { return folder }
        var noted = folder
        noted.notes.append(
            "versions are numbers here: '\(names[index - 1])' comes before '\(names[index])', where "
                + "dbmate sorts by the letters of the names")
        return noted
    }

    func newFiles(
        _ name: String, in listing: FolderListing, after folder: MigrationFolder, now: String,
        by planner: String
    ) throws(MigrationError) -> NewFiles {
        let version = NewFiles.next(after: folder.migrations.last?.version, now: now)
        return NewFiles(
            version: version, name: name,
            files: [.init(path: listing.path(of: "\(version)_\(name).sql"), text: newText)])
    }
}
