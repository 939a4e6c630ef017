import CYAML

/// Reads a YAML document into nodes with libyaml's events.
///
/// Anchors, aliases and tags are refused: nothing in a configuration needs them, and aliases let a
/// few lines grow without bounds. Source: https://yaml.org/spec/1.2.2/ and yaml.h
enum YAMLReader {
    /// Files beyond this size are no configuration: 1 MiB.
    static let maximumByteCount = 1 << 20
    private static let maximumDepth = 20

    /// The document's root; nil for a file that holds none.
    static func read(_ bytes: [UInt8], file: String) throws(ConfigError) -> YAMLNode? {
        guard bytes.count <= maximumByteCount else {
            throw ConfigError(
                .unreadable, "the file is larger than 1 MiB, which no configuration is",
                hint: "Check the path.", file: file)
        }
        let text = Array(bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...])
        let characters = SourceText(bytes: text)
        if let mark = characters.firstInvalidMark {
            throw ConfigError(
                .syntax, "the file is not UTF-8",
                hint: "Save the file in the encoding UTF-8.", file: file, at: mark)
        }
        let result = text.withUnsafeBufferPointer {
            buffer -> Result<YAMLNode?, ConfigError> in
            do throws(ConfigError) {
                var events = YAMLEvents(buffer, source: characters, file: file)
                return .success(try document(&events, file))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func document(
        _ events: inout YAMLEvents, _ file: String
    ) throws(ConfigError) -> YAMLNode? {
        var root: YAMLNode?
        while let event = try events.next() {
            switch event.kind {
            case .documentStart where root != nil:
                throw ConfigError(
                    .syntax, "the file holds more than one YAML document",
                    hint: "Remove the '---' and what follows it.", file: file, at: event.mark)
            case .streamEnd:
                return root
            case .documentStart, .documentEnd:
                continue
            default:
                root = try node(event, &events, depth: 0, file)
            }
        }
        return root
    }

    private static func node(
        _ event: YAMLEvents.Event, _ events: inout YAMLEvents, depth: Int, _ file: String
    ) throws(ConfigError) -> YAMLNode {
        guard depth < maximumDepth else {
            throw ConfigError(
                .syntax, "values are nested more than \(maximumDepth) deep",
                hint: "Check the indentation and the brackets.", file: file, at: event.mark)
        }
        let content: YAMLNode.Content
        switch event.kind {
        case .scalar(let scalar): content = .scalar(scalar)
        case .sequenceStart: content = .sequence(try sequence(&events, depth + 1, file))
        default: content = .mapping(try mapping(&events, depth + 1, file))
        }
        return YAMLNode(content: content, mark: event.mark)
    }

    private static func sequence(
        _ events: inout YAMLEvents, _ depth: Int, _ file: String
    ) throws(ConfigError) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while let event = try events.next(), event.kind != .end {
            nodes.append(try node(event, &events, depth: depth, file))
        }
        return nodes
    }

    private static func mapping(
        _ events: inout YAMLEvents, _ depth: Int, _ file: String
    ) throws(ConfigError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        while let event = try events.next(), event.kind != .end {
            guard case .scalar(let scalar) = event.kind else {
                throw ConfigError(
                    .syntax, "a list or a mapping stands in the place of a key",
                    hint: "A variable such as ${NAME} in braces needs quotes: \"${NAME}\".",
                    file: file, at: event.mark)
            }
            if let line = lines.updateValue(event.mark.line, forKey: scalar.text) {
                throw ConfigError(
                    .duplicateKey, "the key \(Wording.quoted(scalar.text)) appears twice",
                    hint: "It is in line \(line) already; remove one of them.",
                    file: file, at: event.mark)
            }
            guard let next = try events.next() else { break }
            let value = try node(next, &events, depth: depth, file)
            entries.append(YAMLEntry(key: scalar.text, keyMark: event.mark, value: value))
        }
        return entries
    }
}

/// libyaml's parser over a text, as a sequence of events. The pointers never leave this type.
struct YAMLEvents: ~Copyable {
    /// One event and where it begins.
    struct Event {
        enum Kind: Equatable {
            case documentStart
            case documentEnd
            case streamEnd
            case scalar(YAMLScalar)
            case sequenceStart
            case mappingStart
            /// The end of a sequence or mapping.
            case end
        }

        var kind: Kind
        var mark: YAMLMark
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let source: SourceText
    private let file: String
    private var isDone = false

    /// Starts to read `buffer`, which must outlive this value.
    init(_ buffer: UnsafeBufferPointer<UInt8>, source: SourceText, file: String) {
        self.source = source
        self.file = file
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        // It fails only without memory, and then leaves zeros, which parse as an error.
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; nil after the last.
    mutating func next() throws(ConfigError) -> Event? {
        var event = yaml_event_t()
        while !isDone {
            guard yaml_parser_parse(parser, &event) != 0 else {
                isDone = true
                throw YAMLProblem(parser.pointee, source).error(file)
            }
            defer { yaml_event_delete(&event) }
            let mark = YAMLMark(event.start_mark)
            if let kind = try kind(of: event, mark) { return Event(kind: kind, mark: mark) }
        }
        return nil
    }

    /// What the event is; nil for one that carries nothing.
    private mutating func kind(
        of event: yaml_event_t, _ mark: YAMLMark
    ) throws(ConfigError) -> Event.Kind? {
        switch event.type {
        case YAML_STREAM_END_EVENT:
            isDone = true
            return .streamEnd
        case YAML_DOCUMENT_START_EVENT:
            return .documentStart
        case YAML_DOCUMENT_END_EVENT:
            return .documentEnd
        case YAML_ALIAS_EVENT:
            throw unsupported("aliases ('*name') are", mark)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(anchor: scalar.anchor, tag: scalar.tag, mark)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
            return .scalar(
                YAMLScalar(
                    text: String(decoding: bytes, as: UTF8.self),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            try refuse(anchor: start.anchor, tag: start.tag, mark)
            return .sequenceStart
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            try refuse(anchor: start.anchor, tag: start.tag, mark)
            return .mappingStart
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return .end
        default:
            return nil
        }
    }

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
        _ mark: YAMLMark
    ) throws(ConfigError) {
        if anchor != nil { throw unsupported("anchors ('&name') are", mark) }
        if tag != nil { throw unsupported("tags ('!name') are", mark) }
    }

    private func unsupported(_ what: String, _ mark: YAMLMark) -> ConfigError {
        ConfigError(
            .syntax, "YAML's \(what) not supported in this file",
            hint: "Write the value out; what environments share goes under 'defaults'.",
            file: file, at: mark)
    }
}

extension YAMLMark {
    /// libyaml counts from 0.
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
