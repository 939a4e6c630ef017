import SQLText

/// The texts of a script's statements.
func split(_ text: String, _ dialect: SQLDialect = .postgres) throws -> [String] {
    let script = try SQLScript(Array(text.utf8), dialect: dialect)
    return script.statements.map { script.text(of: $0) }
}

/// The texts of the first statement's tokens.
func tokens(_ text: String, _ dialect: SQLDialect = .postgres) throws -> [String] {
    let script = try SQLScript(Array(text.utf8), dialect: dialect)
    guard let first = script.statements.first else { return [] }
    return script.tokens(of: first).map { script.text(of: $0) }
}

/// What splitting a text fails with; nil if it does not fail.
func failure(_ text: String, _ dialect: SQLDialect = .postgres) -> SQLTextError? {
    failure(Array(text.utf8), dialect)
}

/// What splitting bytes fails with; nil if it does not fail.
func failure(_ bytes: [UInt8], _ dialect: SQLDialect = .postgres) -> SQLTextError? {
    do {
        _ = try SQLScript(bytes, dialect: dialect)
        return nil
    } catch {
        return error
    }
}

/// A generator of numbers that gives the same sequence for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// One of several texts.
    mutating func pick(_ choices: [String]) -> String {
        choices.randomElement(using: &self) ?? ""
    }

    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
