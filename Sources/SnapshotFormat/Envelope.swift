internal import FoundationEssentials

/// The three lines of a JSON file of the repository, which carries its own digest:
///
/// | line | content |
/// |---|---|
/// | 1 | `{"sha256":"…64 digits…","content":` |
/// | 2 | one JSON object; the digest is that of this line's bytes, without the line end |
/// | 3 | `}` |
///
/// Every byte of the file is either covered by the digest, part of it, or fixed.
enum Envelope {
    private static let opening = Array(#"{"sha256":""#.utf8)
    private static let middle = Array("\",\"content\":\n".utf8)
    private static let closing = Array("\n}\n".utf8)

    static func write(_ value: some Encodable) throws(FormatError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw FormatError(.malformed, "the description cannot be written as JSON")
        }
        let body = [UInt8](data)
        return opening + Array(ContentDigest(of: body).hex.utf8) + middle + body + closing
    }

    static func read<Value: Decodable>(
        _ bytes: [UInt8], _ type: Value.Type
    ) throws(FormatError) -> Value {
        let start = opening.count + 64 + middle.count
        guard bytes.count > start + closing.count, bytes.starts(with: opening),
            bytes[(opening.count + 64)...].starts(with: middle),
            bytes.suffix(closing.count).elementsEqual(closing)
        else {
            throw FormatError(.malformed, "the file does not begin and end as it must; is it cut?")
        }
        let digest = String(decoding: bytes[opening.count...].prefix(64), as: UTF8.self)
        let body = bytes[start..<(bytes.count - closing.count)]
        guard ContentDigest(of: body).hex == digest else {
            throw FormatError(.digestMismatch, "the file's content does not fit its digest")
        }
        if let problem = JSONShape.problem(body) {
            throw FormatError(.malformed, "the file is none of ours: \(problem)")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as FormatError {
            throw error
        } catch let error as DecodingError {
            throw FormatError(.malformed, Self.describe(error))
        } catch {
            throw FormatError(.malformed, "the file cannot be read as JSON")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
            let names = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return (names + (last.map { [$0] } ?? [])).joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context):
            "'\(path(context, key.stringValue))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(path(context))' has a wrong type"
        default: "the file is not valid JSON"
        }
    }
}

/// The name of a field.
struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(_ name: String) { stringValue = name }
}

/// The fields of a JSON object that must hold these and no other: what a reader does not know may
/// be what the content depends on.
struct Fields {
    private let container: KeyedDecodingContainer<FieldName>

    init(_ decoder: any Decoder, _ known: Set<String>) throws {
        container = try decoder.container(keyedBy: FieldName.self)
        for key in container.allKeys where !known.contains(key.stringValue) {
            throw FormatError(
                .unsupported,
                "there is a field that this version does not know, "
                    + "'\(key.stringValue.prefix(40))'")
        }
    }

    func value<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value {
        try container.decode(type, forKey: FieldName(name))
    }

    func text(_ name: String, limit: Int = 1024) throws -> String {
        let text = try value(name, String.self)
        guard text.utf8.count <= limit else { throw invalid(name) }
        return text
    }

    func optionalText(_ name: String, limit: Int = 1024) throws -> String? {
        guard try !container.decodeNil(forKey: FieldName(name)) else { return nil }
        return try text(name, limit: limit)
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws -> Int64 {
        let number = try value(name, Int64.self)
        guard range.contains(number) else { throw invalid(name) }
        return number
    }

    func digest(_ name: String) throws -> ContentDigest {
        guard let digest = ContentDigest(hex: try value(name, String.self)) else {
            throw invalid(name)
        }
        return digest
    }

    func choice<Choice: RawRepresentable<String>>(_ name: String, _ type: Choice.Type) throws
        -> Choice
    {
        let word = try text(name)
        guard let choice = Choice(rawValue: word) else {
            throw FormatError(
                .unsupported, "'\(name)' is '\(word.prefix(40))', which this version does not know")
        }
        return choice
    }

    func invalid(_ name: String) -> FormatError {
        FormatError(.malformed, "'\(name)' has a value that makes no sense")
    }
}

extension KeyedEncodingContainer<FieldName> {
    mutating func set(_ name: String, _ value: some Encodable) throws {
        try encode(value, forKey: FieldName(name))
    }

    mutating func setOptional(_ name: String, _ value: String?) throws {
        if let value { try set(name, value) } else { try encodeNil(forKey: FieldName(name)) }
    }
}
