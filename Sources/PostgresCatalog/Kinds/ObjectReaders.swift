/// All readers, in the order in which they take their answers: one that looks at what another found
/// comes after it.
enum ObjectReaders {
    static let all: [any ObjectReader] = [Foundations()] + typesAndFunctions + relations
}
