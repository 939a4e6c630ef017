/// Commands of psql and of the sqlite3 shell that find their way into SQL files.
extension Lexer {
    /// The error for the backslash at `position`, which begins a command of psql.
    func metaCommand() -> SQLTextError {
        let next = byte(at: position + 1)
        let name: String
        if next == Byte.semicolon || next == Byte.colon {
            name = String(decoding: [Byte.backslash, next], as: UTF8.self)
        } else {
            name = commandName
        }
        return SQLTextError(
            .metaCommand, "'\(name)' is a command of psql, not SQL", hint: Self.psqlHint(name),
            offset: position)
    }

    /// The error for the dot at `position`, which begins a command of the sqlite3 shell.
    func dotCommand() -> SQLTextError {
        let name = commandName
        let hint =
            switch name {
            case ".read": "Put the statements of that file into this one."
            case ".import": "Write the rows as INSERT statements."
            default: "Take the line out, or say the same in SQL, such as a PRAGMA."
            }
        return SQLTextError(
            .metaCommand, "'\(name)' is a command of the sqlite3 shell, not SQL", hint: hint,
            offset: position)
    }

    /// The command's name with its first character: it ends at white space, or at a backslash.
    private var commandName: String {
        var upper = position + 1
        while upper < min(end, position + 40), !Byte.isSpace(source[upper]),
            source[upper] != Byte.backslash, source[upper] != Byte.semicolon
        {
            upper += 1
        }
        return String(decoding: source[position..<upper], as: UTF8.self)
    }

    private static func psqlHint(_ name: String) -> String {
        switch name {
        case "\\c", "\\connect":
            "Name the database in the environment's URL; one run works on one database."
        case "\\i", "\\include", "\\ir", "\\include_relative":
            "Put the statements of that file into this one, or make it a migration of its own."
        case "\\copy":
            "Use COPY … FROM stdin, with the rows in this file behind it and a line '\\.' at the end."
        case "\\set", "\\unset", "\\getenv", "\\prompt":
            "Write the value itself where it is used; psql's variables are not expanded."
        case "\\g", "\\gx", "\\gset", "\\gexec", "\\gdesc", "\\;", "\\crosstabview", "\\watch":
            "End the statement with ';'."
        case "\\:":
            "Write ':' alone; psql's variables are not expanded here."
        case "\\if", "\\elif", "\\else", "\\endif":
            "Use a DO block with IF."
        case "\\restrict", "\\unrestrict":
            "Take the line out; pg_dump writes it for psql alone."
        case "\\.":
            "It ends the rows of a COPY … FROM stdin; there is none before it."
        default:
            "Take the line out, or say the same in SQL."
        }
    }
}
