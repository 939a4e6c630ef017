internal import Database
internal import PostgresCatalog
package import SnapshotFormat

/// A table of a PostgreSQL database, by its schema and its name, both unquoted.
package struct RestoredTable: Sendable, Hashable, Comparable {
    /// The schema.
    package var schema: String
    /// The name.
    package var name: String

    /// Names a table.
    package init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// By schema, then by name.
    package static func < (left: Self, right: Self) -> Bool {
        (left.schema.exact, left.name.exact) < (right.schema.exact, right.name.exact)
    }

    /// As PostgreSQL writes it: `public.t`, `public."T"`.
    package var text: String { Self.written(schema) + "." + Self.written(name) }

    init(_ table: TableContents) { self.init(schema: table.schema, name: table.name) }

    var quoted: String { PostgresName.quoted(schema, name) }

    /// A name in quotes where SQL needs them to keep it.
    package static func written(_ name: String) -> String {
        let isPlain =
            !name.isEmpty && !(name.utf8.first.map { (0x30...0x39).contains($0) } ?? true)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
            }
        return isPlain ? name : PostgresName.quoted(name)
    }

    /// Byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.schema.exact == right.schema.exact && left.name.exact == right.name.exact
    }

    /// Byte by byte.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(schema.exact)
        hasher.combine(name.exact)
    }
}

/// The tables of a snapshot, to be chosen from by name.
package struct SnapshotTables: Sendable {
    /// All of them, partitioned ones included.
    package let tables: [RestoredTable]

    /// What a name leads to.
    package enum Found: Sendable {
        /// That table.
        case one(RestoredTable)
        /// Tables of several schemas.
        case several([RestoredTable])
        /// No table.
        case none
        /// The text is no name: a quote is not closed, say.
        case malformed
    }

    /// Reads them out of a snapshot.
    ///
    /// - Throws: `.damaged`, `.unsupported`, `.storage`.
    package init(_ parts: [Part], _ reader: any ChunkReader) throws(SnapshotError) {
        let document = try CatalogDocument(of: parts, reader)
        tables = document.entries.filter { $0.kind == "TABLE" }
            .map { RestoredTable(schema: $0.schema ?? "", name: $0.name) }.sorted()
    }

    /// Finds a table by a name as SQL has it: in quotes it is taken as it stands, without them in
    /// lower case; the schema may be left out where only one has such a table.
    package func find(_ text: String) -> Found {
        guard let names = Self.identifiers(text), (1...2).contains(names.count) else {
            return .malformed
        }
        let found = tables.filter {
            $0.name.exact == names[names.count - 1].exact
                && (names.count == 1 || $0.schema.exact == names[0].exact)
        }
        switch found.count {
        case 0: return .none
        case 1: return .one(found[0])
        default: return .several(found)
        }
    }

    /// The identifiers of a name such as `a."B c"`: in quotes as they stand, without them in lower
    /// case; nil where the text is no name.
    package static func identifiers(_ text: String) -> [String]? {
        var names: [String] = []
        var rest = Substring(text).unicodeScalars[...]
        while true {
            var name = String.UnicodeScalarView()
            let isQuoted = rest.first == "\""
            if isQuoted {
                rest.removeFirst()
                while true {
                    guard let scalar = rest.popFirst() else { return nil }
                    if scalar == "\"" {
                        guard rest.first == "\"" else { break }
                        rest.removeFirst()
                    }
                    name.append(scalar)
                }
            } else {
                while let scalar = rest.first, scalar != "." {
                    guard scalar != "\"" else { return nil }
                    name.append(scalar)
                    rest.removeFirst()
                }
            }
            guard !name.isEmpty else { return nil }
            // The server lowers no more than these letters in every encoding.
            let plain = String(name)
            names.append(
                isQuoted
                    ? plain
                    : String(plain.map { $0.isASCII ? Character($0.lowercased()) : $0 }))
            guard let separator = rest.popFirst() else { return names }
            guard separator == "." else { return nil }
        }
    }
}
