extension ObjectReaders {
    /// Everything that is not on a table.
    static let typesAndFunctions: [any ObjectReader] = []
}
