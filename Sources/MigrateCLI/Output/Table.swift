/// A table of text that fits the terminal: the widest column that may shrink is cut with `…`.
struct Table {
    private let header: [String]
    private let shrinks: Set<Int>
    private var rows: [[(text: String, style: Terminal.Style?)]] = []

    /// A table without rows; the columns in `shrinking` may be cut.
    init(_ header: [String], shrinking: Set<Int> = []) {
        self.header = header
        shrinks = shrinking
    }

    mutating func add(_ cells: [String], styles: [Int: Terminal.Style] = [:]) {
        rows.append(cells.enumerated().map { ($0.element, styles[$0.offset]) })
    }

    /// The lines, header first; columns are two spaces apart.
    func lines(_ terminal: Terminal) -> [String] {
        var widths = header.map(\.count)
        for row in rows {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], cell.text.count)
            }
        }
        let separators = 2 * (widths.count - 1)
        let width = terminal.width
        while width != .max, widths.reduce(separators, +) > width,
            let widest = shrinks.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
        {
            widths[widest] -= 1
        }
        let head = zip(header, widths).map(Self.cell).joined(separator: "  ")
        return [terminal.styled(Self.trimmed(head), .faint)]
            + rows.map { row in
                let cells = zip(row, widths).map { cell, width in
                    let text = Self.cell(cell.text, width)
                    return cell.style.map { terminal.styled(text, $0) } ?? text
                }
                return Self.trimmed(cells.joined(separator: "  "))
            }
    }

    private static func cell(_ text: String, _ width: Int) -> String {
        text.count > width
            ? text.prefix(max(1, width - 1)) + "…"
            : text + String(repeating: " ", count: width - text.count)
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// A duration for people: `3 ms`, `1.4 s`, `2 min 5 s`.
func describe(milliseconds: Int64) -> String {
    switch milliseconds {
    case ..<1000: return "\(milliseconds) ms"
    case ..<60_000: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    default: return "\(milliseconds / 60_000) min \(milliseconds % 60_000 / 1000) s"
    }
}

/// `1 migration`, `2 migrations`.
func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
