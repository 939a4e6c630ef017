/// What the readers have found, before it is put in order.
struct CatalogContents: Sendable {
    /// The objects that a dump creates.
    var objects: [any CatalogObject] = []
    /// The extension that each member belongs to.
    var members: [ObjectID: UInt32] = [:]
    /// Objects that are left out, each for a reason that `exclusions` or the format states.
    var excluded: Set<ObjectID> = []
    /// Sentences that name what is left out.
    var exclusions: [String] = []
    /// The tables with rows, each with the object that creates it; the entry is filled in later.
    var tables: [(id: ObjectID, contents: TableContents)] = []
    /// The sequences with a state, likewise.
    var sequences: [(id: ObjectID, contents: SequenceContents)] = []
    /// The extensions.
    var extensions: [InstalledExtension] = []
    /// The database.
    var database = DatabaseProperties(
        name: "", owner: "", encoding: "", localeProvider: "", collate: "", characterType: "")
    /// The columns of all relations of a user's schemas.
    var columns = RelationColumns()
    /// The configuration tables and sequences of extensions, each with its condition.
    var configuration: [UInt32: String] = [:]
    /// The extensions whose removal takes an object along: `ALTER … DEPENDS ON EXTENSION`.
    var extensionDependencies: [ObjectID: [String]] = [:]
    /// Comments by what they are on.
    var comments: [ObjectID: String] = [:]
    /// Security labels by what they are on.
    var labels: [ObjectID: [SecurityLabel]] = [:]
    /// What is no object of its own, by what it comes with: an array by its element type, a row type
    /// by its table.
    var standIns: [ObjectID: ObjectID] = [:]
    /// Edges of `pg_depend`.
    var edges: [DependencyEdge] = []

    /// Leaves an object out and says so.
    mutating func exclude(_ id: ObjectID, _ sentence: String) {
        excluded.insert(id)
        exclusions.append(sentence)
    }

    /// Whether something is a member of an extension, which then creates it.
    func isMember(_ catalog: SystemCatalog, _ oid: UInt32) -> Bool {
        members[ObjectID(catalog, oid)] != nil
    }
}

/// A label that a security provider gave.
struct SecurityLabel: Hashable, Sendable {
    /// The provider.
    var provider: String
    /// The label.
    var label: String
}
