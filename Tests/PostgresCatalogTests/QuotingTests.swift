import Database
import Testing

@testable import PostgresCatalog

@Suite("Names and texts in DDL")
struct QuotingTests {
    @Test(arguments: [
        ("plain_1", "plain_1"), ("select", "\"select\""), ("Mixed", "\"Mixed\""),
        ("1st", "\"1st\""),
        ("a\"b", "\"a\"\"b\""), ("é", "\"é\""), ("", "\"\""), ("json", "\"json\""),
        ("x y", "\"x y\""),
        ("_", "_"), ("merge_action", "\"merge_action\""),
    ])
    func `are quoted where they must be`(name: String, quoted: String) {
        #expect(SQLQuoting.identifier(name) == quoted)
    }

    @Test func `know every word that this server reserves`() throws {
        let scene = try CatalogScene()
        let words = try CatalogScene.texts(
            "SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'", scene.source)
        #expect(words.subtracting(SQLQuoting.reservedWords).isEmpty)
    }

    @Test(arguments: ["", "$", "$$", "$_1$", "a$function$b", "$function", "end $", "$function$_1$"])
    func `stand between dollar signs that they do not hold`(text: String) throws {
        let quoted = SQLQuoting.dollarQuoted(text, tag: "function")
        let scene = try CatalogScene()
        #expect(try scene.source.query("SELECT \(quoted)").rows[0][0].string == text)
    }

    @Test(
        arguments: [
            ["a", nil, "NULL", "", "b c", "\"", "\\", "{x,y}", "é"], [], ["one"], [nil],
        ] as [[String?]])
    func `are read out of arrays`(elements: [String?]) throws {
        let scene = try CatalogScene()
        let literals = elements.map { $0.map(SQLQuoting.literal) ?? "NULL" }
        let array = try scene.source.query(
            "SELECT ARRAY[\(literals.joined(separator: ", "))]::text[]"
        ).rows[0][0].string
        #expect(PostgresArray.elements(array ?? "") == elements)
    }
}
