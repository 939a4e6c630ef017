internal import Database

/// A connection that was not made, as libpq tells it: in words, with the server's SQLSTATE inside
/// them (`… failed: FATAL:  3D000: database "x" does not exist`).
struct ConnectFailure {
    /// libpq's message in its verbose form, a line or more a host.
    let text: String
    /// Whether the server asked for a password that nobody gave.
    let needsPassword: Bool
    /// Whether a password was sent.
    let passwordGiven: Bool
    /// The database that was asked for.
    let database: String

    /// The error, with every one of `secrets` blotted out.
    func error(hiding secrets: [String]) -> DatabaseError {
        var lines: [Substring] = []
        var detail: String?
        var serverHint: String?
        var state: String?
        for line in text.split(whereSeparator: \.isNewline) {
            if let rest = Self.rest(of: line, after: "DETAIL:") {
                detail = Self.hide(secrets, in: String(rest))
            } else if let rest = Self.rest(of: line, after: "HINT:") {
                serverHint = Self.hide(secrets, in: String(rest))
            } else {
                let (words, found) = Self.withoutState(line)
                lines.append(words)
                state = found ?? state
            }
        }
        let message = LibPQText.oneLine(lines.joined(separator: "\n"))
        return DatabaseError(
            code(state: state, message: message),
            Self.hide(secrets, in: message.isEmpty ? "the connection failed" : message),
            detail: detail, hint: serverHint ?? hint(state: state, message: message),
            sqlState: state)
    }

    private func code(state: String?, message: String) -> DatabaseError.Code {
        if state == "3D000" { return .databaseMissing }
        // libpq complains of a parameter before it looks for a server.
        let isParameter = message.hasPrefix("invalid ") || message.hasPrefix("could not match ")
        return isParameter ? .invalidURL : .cannotConnect
    }

    private static func rest(of line: Substring, after label: String) -> Substring? {
        line.hasPrefix(label) ? line.dropFirst(label.count).trimmed : nil
    }

    /// Takes the state out of `… failed: FATAL:  28P01: password authentication failed`, and the
    /// severity, which says nothing here.
    private static func withoutState(_ line: Substring) -> (Substring, String?) {
        var start = line.startIndex
        while let colon = line[start...].firstIndex(of: ":") {
            let after = line[line.index(after: colon)...].drop { $0 == " " }
            let state = after.prefix(5)
            if isState(state), after.dropFirst(5).hasPrefix(": ") {
                let before = line[..<colon]
                let severity = before.lastIndex(of: " ").map { before.index(after: $0) }
                let words = before[..<(severity ?? before.startIndex)]
                return (words + after.dropFirst(7).trimmed, String(state))
            }
            start = line.index(after: colon)
        }
        return (line, nil)
    }

    /// A SQLSTATE has five capitals and digits, of which at least one is a digit: FATAL is none.
    private static func isState(_ word: Substring) -> Bool {
        word.utf8.count == 5 && word.contains(where: \.isNumber)
            && word.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber) }
    }

    private static func hide(_ secrets: [String], in text: String) -> String {
        var text = text
        // The longest first: one secret may be a part of another's encoded form.
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) {
            text = text.split(separator: secret, omittingEmptySubsequences: false)
                .joined(separator: "***")
        }
        return text
    }

    private func hint(state: String?, message: String) -> String? {
        switch state {
        case "3D000":
            return "Create the database first, for instance with 'createdb \(database)'."
        case "28P01":
            return "Check the user name and the password."
        case "28000" where message.contains("pg_hba.conf"):
            return
                "The server's pg_hba.conf does not let this user in from here\(encryptionAdvice)."
        case "28000": return "Check that the role exists and may log in."
        case "53300":
            return "The server has no free connection; try again, or raise max_connections."
        case "55000":
            return "Its owner has closed it, or a restore that was killed has: 'migrate restore "
                + "--cleanup' opens it then."
        case "57P03": return "The server is starting up or shutting down; try again in a moment."
        default: return clientHint(message)
        }
    }

    private var encryptionAdvice: String {
        text.contains("no encryption") ? "; perhaps it asks for TLS (sslmode=require)" : ""
    }

    /// Hints for what libpq found out before the server said anything.
    private func clientHint(_ message: String) -> String? {
        if needsPassword, !passwordGiven {
            return "Give a password in the URL, in PGPASSWORD, in a pass file or in migrate.yaml "
                + "(password_file, password_command)."
        }
        let hints = [
            ("does not support SSL", "The server has no TLS; sslmode=prefer connects without."),
            ("root certificate file", "Name the certificate authority with sslrootcert=…"),
            ("certificate verify failed", "Name the certificate authority with sslrootcert=…"),
            ("does not match host name", "Use the name in the server's certificate as the host."),
            ("Connection refused", "Check that the server runs, and the host and the port."),
            ("No such file or directory", "Check that the server runs, and the socket's folder."),
            ("could not translate host name", "Check the name of the host in the URL."),
            ("could not receive data", "Check that a PostgreSQL server listens on that port."),
            ("invalid response to SSL", "Check that a PostgreSQL server listens on that port."),
            ("invalid ", "Correct the parameter in the URL, the service file or the environment."),
            ("closed the connection unexpectedly", "Check that it is PostgreSQL on that port."),
            ("definition of service", "Check the service's name and PGSERVICEFILE."),
        ]
        return hints.first { message.contains($0.0) }?.1
    }
}
