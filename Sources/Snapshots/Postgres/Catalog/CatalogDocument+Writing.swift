// The JSON is written by hand: a general encoder takes longer over 10,000 tables than the server takes
// to describe them, and holds all of it several times.

extension CatalogDocument {
    /// The document's bytes: the same for the same database. Keys are in the order of the alphabet,
    /// what is nil is left out.
    func encoded() -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.key("database")
            database.write(&json)
            json.list("entries", entries) { $0.write(&$1) }
            json.list("extensions", extensions) { $0.write(&$1) }
            json.number("format", Int64(format))
            json.flag("holds_rows", holdsRows)
            json.list("sequences", sequences) { $0.write(&$1) }
            json.list("tables", tables) { $0.write(&$1) }
        }
        return json.bytes
    }
}

extension CatalogDocument.Statement {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.texts("roles", roles)
            json.text("sql", sql)
        }
    }
}

extension CatalogDocument.Database {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.text("character_type", characterType)
            json.text("collate", collate)
            json.text("collation_version", collationVersion)
            json.text("encoding", encoding)
            json.text("locale", locale)
            json.text("locale_provider", localeProvider)
            json.text("locale_rules", localeRules)
            json.text("name", name)
            json.text("owner", owner)
            json.list("statements", statements) { $0.write(&$1) }
        }
    }
}

extension CatalogDocument.Extension {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.text("name", name)
            json.text("schema", schema)
            json.text("version", version)
        }
    }
}

extension CatalogDocument.Entry {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.list("depends_on", dependsOn) { $1.number(Int64($0)) }
            json.number("id", Int64(id))
            json.text("kind", kind)
            json.text("name", name)
            json.text("owner", owner)
            json.list("privileges", privileges) { $0.write(&$1) }
            json.text("schema", schema)
            json.text("section", section)
            json.list("statements", statements) { $0.write(&$1) }
        }
    }
}

extension CatalogDocument.Name {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.text("name", name)
            json.text("schema", schema)
        }
    }
}

extension CatalogDocument.Table {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.texts("columns", columns)
            json.text("condition", condition)
            json.number("entry", entry.map(Int64.init))
            json.flag("has_row_security", hasRowSecurity)
            json.flag("is_unlogged", isUnlogged)
            if let loadsThrough {
                json.key("loads_through")
                loadsThrough.write(&json)
            }
            json.text("name", name)
            json.text("schema", schema)
            json.texts("types", types)
        }
    }
}

extension CatalogDocument.Sequence {
    fileprivate func write(_ json: inout JSONText) {
        json.object { json in
            json.number("entry", entry.map(Int64.init))
            json.flag("is_called", isCalled)
            json.number("last_value", lastValue)
            json.text("name", name)
            json.text("schema", schema)
        }
    }
}
