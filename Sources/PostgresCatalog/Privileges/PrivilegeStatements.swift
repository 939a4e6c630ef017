extension ObjectPrivileges {
    /// What turns the privileges of a new object into these; empty where they are the same.
    func statements() -> [SchemaStatement] { [] }
}
