/// Where an environment's runs write what is applied there, and with which key they sign it: the keys
/// of `evidence`.
package struct EvidenceSettings: Sendable, Hashable {
    /// The folder, joined to the config file's folder.
    package var directory: String
    /// Path of the private SSH key, or of the public half of one that an agent holds; joined to the
    /// config file's folder.
    package var key: String
    /// Who signs, as the allowed signers file names them.
    package var principal: String
}

/// Where evidence of the environment that is promoted from is read, in place of its database: keys of
/// `promote_from`.
package struct EvidenceSource: Sendable, Hashable {
    /// The folder, joined to the config file's folder.
    package var directory: String
    /// The file of allowed signers, joined to the config file's folder.
    package var signers: String
}

extension ConfigSection {
    /// The mapping under `evidence`; nil where there is none.
    func evidence(folder: String) throws(ConfigError) -> EvidenceSettings? {
        guard
            let section = try section("evidence", known: ["directory", "key", "as"])
        else { return nil }
        for key in ["directory", "key", "as"] where section[key] == nil {
            throw ConfigError(
                .invalidValue, "'\(name(of: "evidence"))' has no '\(key)'",
                hint: "Write evidence: { directory: evidence, key: /run/secrets/release_key, "
                    + "as: ci@example.com }", file: file, at: section.mark)
        }
        return EvidenceSettings(
            directory: ConfigPath.join(folder, try section.string("directory") ?? ""),
            key: ConfigPath.join(folder, try section.string("key") ?? ""),
            principal: try section.string("as") ?? "")
    }

    /// The keys of `promote_from` that name evidence; nil where there are none.
    func evidenceSource(folder: String) throws(ConfigError) -> EvidenceSource? {
        guard self["evidence"] != nil || self["signers"] != nil else { return nil }
        for (key, hint) in [
            ("evidence", "Name the folder of evidence: evidence: evidence"),
            (
                "signers",
                "Name the file of allowed signers, as ssh-keygen and git read it: "
                    + "signers: ops/allowed_signers"
            ),
        ] where self[key] == nil {
            throw ConfigError(
                .invalidValue, "'\(Wording.path(keys))' has no '\(key)'", hint: hint, file: file,
                at: mark)
        }
        return EvidenceSource(
            directory: ConfigPath.join(folder, try string("evidence") ?? ""),
            signers: ConfigPath.join(folder, try string("signers") ?? ""))
    }
}
