import CYAML

/// A syntax error of libyaml in words that say what to do.
struct YAMLProblem {
    private let problem: String
    private let context: String
    private let mark: YAMLMark
    private let contextMark: YAMLMark
    /// The byte at the problem and the one before it.
    private let byte: UInt8?
    private let byteBefore: UInt8?

    /// Takes what a parser left behind when it failed.
    init(_ parser: yaml_parser_t, _ source: SourceText) {
        problem = parser.problem.map { String(cString: $0) } ?? "unknown problem"
        context = parser.context.map { String(cString: $0) } ?? ""
        contextMark = YAMLMark(parser.context_mark)
        if parser.error == YAML_READER_ERROR {
            mark = source.mark(at: Int(parser.problem_offset))
        } else {
            mark = YAMLMark(parser.problem_mark)
        }
        let offset = source.offset(of: mark)
        byte = source.byte(at: offset)
        byteBefore = source.byte(at: offset - 1)
    }

    /// The error; at the place where the mistake begins.
    func error(_ file: String) -> ConfigError {
        let (message, hint, place) = words
        return ConfigError(.syntax, message, hint: hint, file: file, at: place)
    }

    private var words: (message: String, hint: String?, place: YAMLMark) {
        if byte == UInt8(ascii: "\t") || problem.contains("tab character") {
            return ("a tab stands where YAML wants spaces", "Indent with spaces only.", mark)
        }
        if byte == UInt8(ascii: "{"), byteBefore == UInt8(ascii: "$") {
            return (
                "a variable in braces needs quotes here",
                "Write \"${NAME}\", or one key per line in the place of { }.", mark
            )
        }
        if problem.contains("end of stream"), context.contains("quoted scalar") {
            return ("a quote is opened and never closed", "Close the quote.", contextMark)
        }
        if problem.contains("',' or ']'") {
            return ("a list is opened with '[' and not closed", Self.closing("]"), contextMark)
        }
        if problem.contains("',' or '}'") {
            return ("a mapping is opened with '{' and not closed", Self.closing("}"), contextMark)
        }
        let (message, hint) = plainWords
        return (message, hint, mark)
    }

    private var plainWords: (message: String, hint: String?) {
        switch problem {
        case "did not find expected key", "did not find expected '-' indicator",
            "did not find expected <document start>":
            ("the indentation does not fit the lines above", Self.indentation)
        case "mapping values are not allowed in this context":
            (
                "a ':' stands where no key can be",
                "Check the indentation, and put a value that holds ': ' in quotes."
            )
        case "block sequence entries are not allowed in this context":
            ("a '-' stands where no list can be", "Begin the list in a line of its own.")
        case "could not find expected ':'":
            ("a ':' is missing after the key", "Write 'key: value', with a space after the colon.")
        case "found character that cannot start any token":
            (
                "a value cannot begin with this character",
                "Put the value in quotes."
            )
        case "found unknown escape character", "did not find expected hexdecimal number":
            (
                "the backslash begins no escape that YAML knows",
                "Write \\\\ for a backslash, or use single quotes."
            )
        case "control characters are not allowed":
            ("the file holds a control character", "Remove the character.")
        case "did not find expected node content":
            ("a value is missing", "Write one, or remove the key.")
        default:
            ("this is not YAML: \(problem)", "'migrate init' writes an example to compare with.")
        }
    }

    private static let indentation =
        "Keys that belong together begin in the same column, and are indented with spaces."

    private static func closing(_ bracket: String) -> String {
        "Add the '\(bracket)', and a comma between the entries."
    }
}

/// The file's bytes, for turning byte offsets into places and back.
struct SourceText {
    let bytes: [UInt8]

    /// The place of the first byte that is not UTF-8; nil where all of it is.
    var firstInvalidMark: YAMLMark? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var mark = YAMLMark(line: 1, column: 1)
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue("\n"): mark = YAMLMark(line: mark.line + 1, column: 1)
            case .scalarValue: mark.column += 1
            case .emptyInput: return nil
            case .error: return mark
            }
        }
    }

    /// The place of the byte at `offset`.
    func mark(at offset: Int) -> YAMLMark {
        var mark = YAMLMark(line: 1, column: 1)
        for byte in bytes.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                mark = YAMLMark(line: mark.line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                mark.column += 1
            }
        }
        return mark
    }

    /// The offset of the byte at `mark`; the text's end where there is no such place.
    func offset(of mark: YAMLMark) -> Int {
        var current = YAMLMark(line: 1, column: 1)
        for (offset, byte) in bytes.enumerated() {
            let isContinuation = byte & 0xc0 == 0x80
            if current == mark, !isContinuation { return offset }
            if byte == UInt8(ascii: "\n") {
                current = YAMLMark(line: current.line + 1, column: 1)
            } else if !isContinuation {
                current.column += 1
            }
        }
        return bytes.count
    }

    /// The byte at `offset`; nil outside of the text.
    func byte(at offset: Int) -> UInt8? {
        bytes.indices.contains(offset) ? bytes[offset] : nil
    }
}
