/// Tells from the names in a folder, and from the marks in files whose names do not say it, whose
/// layout it has.
struct LayoutDetection {
    private let listing: FolderListing
    /// For each layout that something speaks for, the first name that does.
    private var evidence: [Layout: String] = [:]
    /// A file with a number in front and no mark in it.
    private var unmarked: String?

    /// Looks at the names, and into files named like those of several tools.
    ///
    /// - Throws: `.invalidFiles` where a file cannot be read.
    init(_ listing: FolderListing) throws(MigrationError) {
        self.listing = listing
        for name in listing.names { try look(at: name) }
    }

    /// The layout; `native` where nothing speaks for another.
    ///
    /// - Throws: `.invalidFiles` where more than one is possible.
    func layout() throws(MigrationError) -> Layout {
        let found = Layout.allCases.compactMap { layout in
            evidence[layout].map { (layout: layout, name: $0) }
        }
        switch found.count {
        case 0: return unmarked != nil ? .sqlx : try hasFlywayBelow() ? .flyway : .native
        case 1: return found[0].layout
        default:
            let readings = found.map { "\($0.layout.rawValue) ('\($0.name)')" }
            throw MigrationError(
                .invalidFiles,
                "the migrations folder '\(listing.path)' can be read as "
                    + readings.dropLast().joined(separator: ", ")
                    + " and as \(readings[readings.count - 1])",
                hint: "Keep the files of one tool in it, or say whose they are: 'layout: "
                    + "\(found[0].layout.rawValue)' in migrate.yaml, or MIGRATE_LAYOUT.")
        }
    }

    /// Flyway alone looks into folders below.
    private func hasFlywayBelow() throws(MigrationError) -> Bool {
        try listing.withFolders().names.contains { FlywayName($0)?.version != nil }
    }

    private mutating func found(_ layout: Layout, _ name: String) {
        if evidence[layout] == nil { evidence[layout] = name }
    }

    private mutating func look(at name: String) throws(MigrationError) {
        if name == SqitchPlan.fileName { return found(.sqitch, name) }
        if name == "migration_lock.toml" { return found(.prisma, name) }
        let isNumbered = name.utf8.first.map { (0x30...0x39).contains($0) } ?? false
        guard name.hasSuffix(".sql") else {
            guard isNumbered else { return }
            if name.hasSuffix(".go"), !name.hasSuffix("_test.go") { return found(.goose, name) }
            for layout in [Layout.diesel, .prisma]
            where Files.exists(listing.path(of: name + "/" + FolderLayout.upName(layout))) {
                found(layout, name + "/" + FolderLayout.upName(layout))
            }
            return
        }
        // 'R__name.sql' is both ours and Flyway's.
        if name.hasPrefix(RepeatableMigration.prefix) { return }
        if FlywayName(name)?.version != nil { return found(.flyway, name) }
        if NativeLayout.isOwn(name) { return found(.native, name) }
        guard isNumbered, NumberedName(name, isSimple: true) != nil else { return }
        if let layout = Section.layout(of: try listing.read(name)) {
            found(layout, name)
        } else if unmarked == nil {
            unmarked = name
        }
    }
}

/// `001_add_users.sql`, `1_add_users.up.sql`: a number, a name, and what it is of.
struct NumberedName {
    let version: Version
    let name: String
    /// `up`, `down`, or nil.
    let way: Substring?

    /// Reads a file's name; nil for any other. With `isSimple`, a file without `.up` or `.down` counts, and
    /// the name may follow the number directly, as dbmate has it.
    init?(_ fileName: String, isSimple: Bool) {
        let stem = fileName.dropLast(".sql".count)
        let digits = stem.prefix { $0.isASCII && $0.isNumber }
        guard let version = Version(digits) else { return nil }
        var rest = stem[digits.endIndex...]
        let last = rest.lastIndex(of: ".").map { rest[$0...].dropFirst() }
        if let last, last == "up" || last == "down" {
            way = last
            rest = rest.dropLast(last.count + 1)
        } else {
            guard isSimple else { return nil }
            way = nil
        }
        self.version = version
        name = String(rest.drop { $0 == "_" || $0 == "-" })
    }
}
