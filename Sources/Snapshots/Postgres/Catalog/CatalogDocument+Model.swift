internal import PostgresCatalog

extension CatalogDocument {
    /// The document of a model; `states` are those of its sequences, in their order, and nil for the
    /// schema only.
    init(_ model: SchemaModel, states: [SequenceState]?) {
        holdsRows = states != nil
        database = Database(model.database)
        extensions = model.extensions.map {
            Extension(name: $0.name, version: $0.version, schema: $0.schema)
        }
        entries = model.entries.map(Entry.init)
        tables = model.tables.map(Table.init)
        sequences = model.sequences.enumerated().map { index, sequence in
            Sequence(
                schema: sequence.schema, name: sequence.name, entry: sequence.entry,
                lastValue: states?[index].lastValue, isCalled: states?[index].isCalled)
        }
    }

    /// The same as of a snapshot of the schema only, unless it is to hold rows.
    func withoutRows(unless holdsRows: Bool) -> CatalogDocument {
        guard !holdsRows else { return self }
        var document = self
        document.holdsRows = false
        for index in document.sequences.indices {
            document.sequences[index].lastValue = nil
            document.sequences[index].isCalled = nil
        }
        return document
    }

    /// The model, with no OID and no size in it.
    var model: SchemaModel {
        SchemaModel(
            database: database.properties, entries: entries.map(\.entry),
            tables: tables.map(\.contents),
            sequences: sequences.map {
                SequenceContents(schema: $0.schema, name: $0.name, entry: $0.entry)
            },
            extensions: extensions.map {
                InstalledExtension(name: $0.name, version: $0.version, schema: $0.schema)
            })
    }
}

extension CatalogDocument.Statement {
    init(_ statement: SchemaStatement) {
        sql = statement.sql
        roles = statement.roles
    }

    var statement: SchemaStatement { SchemaStatement(sql, roles: roles) }
}

extension CatalogDocument.Database {
    init(_ database: DatabaseProperties) {
        name = database.name
        owner = database.owner
        encoding = database.encoding
        localeProvider = database.localeProvider
        collate = database.collate
        characterType = database.characterType
        locale = database.locale
        localeRules = database.localeRules
        collationVersion = database.collationVersion
        statements = database.statements.map(CatalogDocument.Statement.init)
    }

    var properties: DatabaseProperties {
        DatabaseProperties(
            name: name, owner: owner, encoding: encoding, localeProvider: localeProvider,
            collate: collate, characterType: characterType, locale: locale,
            localeRules: localeRules, collationVersion: collationVersion,
            statements: statements.map(\.statement))
    }
}

extension CatalogDocument.Entry {
    init(_ entry: SchemaEntry) {
        id = entry.id
        kind = entry.kind
        schema = entry.schema
        name = entry.name
        owner = entry.owner
        section = entry.section.rawValue
        statements = entry.statements.map(CatalogDocument.Statement.init)
        privileges = entry.privileges.map(CatalogDocument.Statement.init)
        dependsOn = entry.dependencies
    }

    var entry: SchemaEntry {
        SchemaEntry(
            id: id, kind: kind, schema: schema, name: name, owner: owner,
            section: SchemaSection(rawValue: section) ?? .final,
            statements: statements.map(\.statement), privileges: privileges.map(\.statement),
            dependencies: dependsOn)
    }
}

extension CatalogDocument.Table {
    init(_ table: TableContents) {
        schema = table.schema
        name = table.name
        entry = table.entry
        columns = table.columns
        types = table.types
        condition = table.extensionCondition
        loadsThrough = table.loadsThrough.map {
            CatalogDocument.Name(schema: $0.schema, name: $0.name)
        }
        isUnlogged = table.isUnlogged
        hasRowSecurity = table.hasRowSecurity
    }

    var contents: TableContents {
        TableContents(
            oid: 0, schema: schema, name: name, entry: entry, columns: columns, types: types,
            extensionCondition: condition,
            loadsThrough: loadsThrough.map { QualifiedName(schema: $0.schema, name: $0.name) },
            isUnlogged: isUnlogged, hasRowSecurity: hasRowSecurity)
    }
}
