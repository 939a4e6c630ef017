internal import CYAML

extension ConfigFile {
    /// Version of libyaml, `0.2.5`.
    package static var libraryVersion: String { String(cString: yaml_get_version_string()) }
}
