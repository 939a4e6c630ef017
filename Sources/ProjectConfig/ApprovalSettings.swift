/// Who must approve a plan before it runs: the keys of an environment's `approvals`.
package struct ApprovalSettings: Sendable, Hashable {
    /// So many persons.
    package var required: Int
    /// The file of allowed signers, joined to the config file's folder.
    package var signers: String
    /// The folder in which approvals lie, joined to the config file's folder.
    package var directory: String
    /// How long an approval is good; nil is without end.
    package var expire: Duration?
    /// True where who wrote a migration cannot approve it.
    package var forbidsAuthor: Bool
}

extension ConfigSection {
    /// The keys of `approvals`.
    static let approvalKeys = ["required", "signers", "directory", "expire", "forbid_author"]

    /// The mapping under `approvals`; nil where there is none.
    func approvals(folder: String) throws(ConfigError) -> ApprovalSettings? {
        guard let node = self["approvals"] else { return nil }
        let section = try ConfigSection(
            node, keys: keys + ["approvals"], known: Self.approvalKeys, file: file)
        // A value that waits for its variable reads as nil too, and is looked at again.
        if section["signers"] == nil {
            throw ConfigError(
                .invalidValue, "'\(name(of: "approvals"))' has no 'signers'",
                hint: "Name the file of allowed signers, as ssh-keygen and git read it: "
                    + "signers: ops/allowed_signers", file: file, at: node.mark)
        }
        let expire = try section.duration("expire")
        if expire == .zero {
            throw section.error(
                .invalidValue, "expire", "must be longer than nothing",
                "Remove the key where approvals are to be good for ever.")
        }
        return ApprovalSettings(
            required: try section.integer("required", 1...100) ?? 1,
            signers: ConfigPath.join(folder, try section.string("signers") ?? ""),
            directory: ConfigPath.join(folder, try section.string("directory") ?? "approvals"),
            expire: expire, forbidsAuthor: try section.boolean("forbid_author") ?? false)
    }
}
