import PostgresCatalog
import Testing

@Suite("The sections of a restore")
struct SchemaSectionTests {
    @Test func `come in the order in which they run`() {
        #expect(
            SchemaSection.allCases.shuffled().sorted() == [.preData, .data, .postData, .final])
    }
}
