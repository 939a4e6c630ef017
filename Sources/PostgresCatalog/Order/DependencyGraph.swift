/// Objects and which of them need which: `pg_depend`, with everything in it traced to the object
/// that creates it, and what the objects know beyond it.
struct DependencyGraph: Sendable {
    /// The objects, sorted as a restore would have them if none needed another.
    let objects: [any CatalogObject]
    /// For each object, those that it needs, as indices in ascending order.
    private(set) var needs: [[Int]]

    private let finder: ObjectFinder
    private let edges: [DependencyEdge]

    /// Builds the graph.
    init(_ objects: [any CatalogObject], _ contents: CatalogContents) {
        self.objects = Self.sorted(objects)
        finder = ObjectFinder(self.objects, contents)
        edges = Self.edges(self.objects, contents)
        var needs = Array(repeating: [Int](), count: objects.count)
        for edge in edges {
            guard let dependent = finder.index(of: edge.dependent),
                let dependency = finder.index(of: edge.dependency), dependent != dependency
            else { continue }
            needs[dependent].append(dependency)
        }
        for (index, object) in self.objects.enumerated() {
            guard let schema = object.name.schema, let found = finder.schema(schema),
                found != index
            else { continue }
            needs[index].append(found)
        }
        self.needs = needs.map(Self.sortedOnce)
    }

    /// In ascending order, each once.
    private static func sortedOnce(_ indices: [Int]) -> [Int] {
        guard indices.count > 1 else { return indices }
        var result: [Int] = []
        for index in indices.sorted() where index != result.last { result.append(index) }
        return result
    }

    /// The index of the object that creates something; nil if none does.
    func index(of id: ObjectID) -> Int? { finder.index(of: id) }

    /// What the edges that lead from one object of a group to another are about, in the terms of
    /// `pg_depend`.
    func ids(within group: Set<Int>) -> Set<ObjectID> {
        ids { group.contains($0) && group.contains($1) }
    }

    /// What the edges from one object to another are about, in the terms of `pg_depend`.
    func ids(from dependent: Int, to dependency: Int) -> Set<ObjectID> {
        ids { $0 == dependent && $1 == dependency }
    }

    private func ids(where isWanted: (Int, Int) -> Bool) -> Set<ObjectID> {
        var ids: Set<ObjectID> = []
        for edge in edges {
            guard let dependent = finder.index(of: edge.dependent),
                let dependency = finder.index(of: edge.dependency), dependent != dependency,
                isWanted(dependent, dependency)
            else { continue }
            ids.formUnion([
                edge.dependent, edge.dependent.whole, edge.dependency, edge.dependency.whole,
            ])
        }
        return ids
    }

    private static func sorted(_ objects: [any CatalogObject]) -> [any CatalogObject] {
        let keyed = objects.map { (SortKey($0), $0) }
        return keyed.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func edges(
        _ objects: [any CatalogObject], _ contents: CatalogContents
    ) -> [DependencyEdge] {
        var dropped: Set<DependencyEdge> = []
        var added: [DependencyEdge] = []
        for object in objects {
            added += object.dependencies.map { DependencyEdge(object.id, needs: $0) }
            let corrections = object.corrections
            dropped.formUnion(corrections.dropped)
            added += corrections.added
        }
        guard !dropped.isEmpty else { return contents.edges + added }
        return contents.edges.filter { !dropped.contains($0) } + added
    }

    private struct SortKey: Comparable {
        let section: Int
        let kind: Int
        let name: ObjectName

        init(_ object: any CatalogObject) {
            section = SchemaSection.allCases.firstIndex(of: object.section) ?? 0
            kind = object.kind.rank
            name = object.name
        }

        static func < (left: Self, right: Self) -> Bool {
            if left.section != right.section { return left.section < right.section }
            if left.kind != right.kind { return left.kind < right.kind }
            return left.name < right.name
        }
    }
}

/// Finds the object that creates what `pg_depend` names.
struct ObjectFinder: Sendable {
    private var indices: [ObjectID: Int] = [:]
    private var schemas: [String: Int] = [:]
    private let standIns: [ObjectID: ObjectID]
    private let members: [ObjectID: UInt32]

    init(_ objects: [any CatalogObject], _ contents: CatalogContents) {
        standIns = contents.standIns
        members = contents.members
        indices.reserveCapacity(objects.count * 2)
        for (index, object) in objects.enumerated() {
            for alias in object.aliases { indices[alias] = index }
            if object.kind == .schema { schemas[object.name.name] = index }
        }
        // What is an object of its own wins over what stands for one.
        for (index, object) in objects.enumerated() { indices[object.id] = index }
    }

    /// The index of the object, nil where the server or nothing in the model creates it.
    func index(of id: ObjectID) -> Int? {
        if let index = indices[id] { return index }
        guard id.aspect == .object else { return nil }
        var id = id.whole
        while true {
            if let index = indices[id] { return index }
            if let owner = members[id] { return indices[ObjectID(.extension, owner)] }
            guard let next = standIns[id] else { return nil }
            id = next
        }
    }

    /// Whether something is in the model: an object, a part of one, or a member of an extension.
    func knows(_ id: ObjectID) -> Bool {
        var id = id
        while true {
            if indices[id] != nil || members[id] != nil { return true }
            guard let next = standIns[id] else { return false }
            id = next
        }
    }

    /// The index of a schema by its name.
    func schema(_ name: String) -> Int? { schemas[name] }
}
