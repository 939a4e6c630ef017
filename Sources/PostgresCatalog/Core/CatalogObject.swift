/// One object of a database, with every attribute that its DDL carries: a value that another
/// database's can be compared with, and from which the DDL is written when the order is known.
protocol CatalogObject: Sendable {
    /// What `pg_depend` calls it.
    var id: ObjectID { get }
    /// What else in `pg_depend` comes and goes with it: a table's row type, toast table, defaults
    /// and constraints; a view's rule; the index of a constraint. A dependency on one of them is a
    /// dependency on this object, and theirs are its own.
    var aliases: [ObjectID] { get }
    /// What it is.
    var kind: ObjectKind { get }
    /// What it is called, and sorted by.
    var name: ObjectName { get }
    /// The role that owns it, where `ALTER … OWNER TO` can say so.
    var owner: String? { get }
    /// When it is restored.
    var section: SchemaSection { get }
    /// How COMMENT ON, SECURITY LABEL ON and ALTER … OWNER TO call it, quoted: `TABLE public.t`.
    /// Nil where no statement of those is to be written.
    var target: String? { get }
    /// What in it can have comments and labels of its own, such as columns.
    var parts: [ObjectPart] { get }
    /// Who may do what with it; nil where the kind knows no privileges.
    var privileges: ObjectPrivileges? { get }
    /// What must be there before it, beyond what `pg_depend` says.
    var dependencies: [ObjectID] { get }
    /// Corrections of `pg_depend` that concern other objects too.
    var corrections: EdgeCorrections { get }

    /// The statements that create it, without owner, comments and labels.
    func creation() -> [SchemaStatement]
    /// What its privileges take, if `privileges` does not say all.
    func grants() -> [SchemaStatement]
    /// The same object without the `parts` that are in a loop, and these as objects of their own;
    /// nil where nothing can be taken apart (any more).
    ///
    /// - Parameter loop: the ids and aliases that the loop goes through.
    /// - Returns: the object and its former parts.
    func splitting(_ loop: Set<ObjectID>) -> [any CatalogObject]?
    /// The same object, to be created after the rows, for it needs something that only then is
    /// there; nil where the kind cannot wait.
    func postponed() -> (any CatalogObject)?
}

/// Something that can be commented on and is no entry: a column, a constraint of a domain.
struct ObjectPart: Hashable, Sendable {
    /// What `pg_description` calls it.
    var id: ObjectID
    /// How COMMENT ON calls it: `COLUMN public.t.c`.
    var target: String

    init(_ id: ObjectID, _ target: String) {
        self.id = id
        self.target = target
    }
}

/// That one object needs another.
struct DependencyEdge: Hashable, Sendable {
    /// The one that comes later.
    var dependent: ObjectID
    /// The one that comes first.
    var dependency: ObjectID

    init(_ dependent: ObjectID, needs dependency: ObjectID) {
        self.dependent = dependent
        self.dependency = dependency
    }
}

/// How the edges that `pg_depend` gives are put right.
struct EdgeCorrections: Hashable, Sendable {
    /// Edges to forget.
    var dropped: [DependencyEdge] = []
    /// Edges to add.
    var added: [DependencyEdge] = []
}

extension CatalogObject {
    var aliases: [ObjectID] { [] }
    var section: SchemaSection { kind.section }
    var owner: String? { nil }
    var target: String? { nil }
    var parts: [ObjectPart] { [] }
    var privileges: ObjectPrivileges? { nil }
    var dependencies: [ObjectID] { [] }
    var corrections: EdgeCorrections { EdgeCorrections() }
    func grants() -> [SchemaStatement] { privileges?.statements() ?? [] }
    func splitting(_ loop: Set<ObjectID>) -> [any CatalogObject]? { nil }
    func postponed() -> (any CatalogObject)? { nil }

    /// For messages: `TABLE public.t`.
    var description: String { "\(kind.rawValue) \(name.description)" }
}
