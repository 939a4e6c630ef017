/// What is wrong with a `migrate.yaml`, and where.
///
/// `message` and `hint` never hold the value of a variable, a URL or a default of a variable.
package struct ConfigError: Error, Sendable, Hashable {
    /// What kind of mistake it is.
    package enum Code: String, Sendable, Hashable {
        /// There is no such file.
        case notFound = "config_not_found"
        /// The file cannot be read, or is too large.
        case unreadable = "config_unreadable"
        /// The text is not YAML, or uses a part of YAML that is not supported.
        case syntax = "config_syntax"
        /// A key that does not exist.
        case unknownKey = "config_unknown_key"
        /// A key that appears twice.
        case duplicateKey = "config_duplicate_key"
        /// A value of another type than the key wants.
        case wrongType = "config_wrong_type"
        /// A value of the right type that makes no sense.
        case invalidValue = "config_invalid_value"
        /// A variable that is not set and has no default.
        case undefinedVariable = "config_undefined_variable"
        /// An environment that the file does not have.
        case unknownEnvironment = "config_unknown_environment"
    }

    /// The kind of mistake.
    package var code: Code
    /// What is wrong: starts in lower case, no full stop.
    package var message: String
    /// What to do about it, in whole sentences.
    package var hint: String?
    /// The file's path, as it was given.
    package var file: String
    /// The line, from 1; nil where the whole file is meant.
    package var line: Int?
    /// The column, from 1, in Unicode scalars; nil where the whole file is meant.
    package var column: Int?

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, hint: String? = nil, file: String, line: Int? = nil,
        column: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
        self.line = line
        self.column = column
    }

    init(_ code: Code, _ message: String, hint: String? = nil, file: String, at mark: YAMLMark) {
        self.init(
            code, message, hint: hint, file: file, line: mark.line, column: mark.column)
    }
}
