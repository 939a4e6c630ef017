extension ObjectReaders {
    /// Tables and what hangs on them.
    static let relations: [any ObjectReader] = []
}
