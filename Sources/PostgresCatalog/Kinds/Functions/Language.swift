/// Reads procedural languages.
///
/// Source: https://www.postgresql.org/docs/current/sql-createlanguage.html
struct LanguageReader: ObjectReader {
    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT l.oid, l.lanname, \(server.roleName("l.lanowner")), l.lanpltrusted,
              \(server.functionName("l.lanplcallfoid")), \(server.functionName("l.laninline")),
              \(server.functionName("l.lanvalidator")),
              \(server.privilegeColumns("l.lanacl", type: "'l'", owner: "l.lanowner"))
            FROM pg_catalog.pg_language l WHERE \(server.isUsers(.language, "l.oid"))
            """
        ]
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let id = ObjectID(.language, row.oid())
            let (name, owner, isTrusted) = (row.text(), row.text(), row.flag())
            let target = SQLQuoting.identifier(name)
            var statement = "CREATE \(isTrusted ? "TRUSTED " : "")LANGUAGE \(target)"
            if let handler = row.optionalText() { statement += " HANDLER \(handler)" }
            if let inline = row.optionalText() { statement += " INLINE \(inline)" }
            if let validator = row.optionalText() { statement += " VALIDATOR \(validator)" }
            var object = PlainObject(
                id, .language, ObjectName(name), target: target, owner: owner,
                statements: [statement])
            object.privileges = .next(in: &row, of: object.target, owner: owner)
            // Where the extension of that name was dropped, the new database still has it.
            object.dependencies = [ExtensionReader.droppedLanguage]
            contents.objects.append(object)
        }
    }
}
