/// A table of text that fits the terminal: the widest column that may shrink is cut with `…`, and
/// where that is not enough, columns are left out.
struct Table {
    private let header: [String]
    private let shrinks: Set<Int>
    private let drops: [Int]
    private var rows: [[(text: String, style: Terminal.Style?)]] = []

    /// A table without rows; the columns in `shrinking` may be cut, those in `dropping` may go, in
    /// this order.
    init(_ header: [String], shrinking: Set<Int> = [], dropping: [Int] = []) {
        self.header = header
        shrinks = shrinking
        drops = dropping
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
        fit(&widths, terminal.width)
        let shown = widths.indices.filter { widths[$0] > 0 }
        let head = shown.map { Self.cell(header[$0], widths[$0]) }.joined(separator: "  ")
        return [terminal.styled(Self.trimmed(head), .faint)]
            + rows.map { row in
                let cells = shown.map { index in
                    let text = Self.cell(row[index].text, widths[index])
                    // The colour ends with the text, or the spaces behind it could not be cut.
                    guard let style = row[index].style else { return text }
                    let bare = Self.trimmed(text)
                    return terminal.styled(bare, style) + text.dropFirst(bare.count)
                }
                return Self.trimmed(cells.joined(separator: "  "))
            }
    }

    /// Makes the columns narrower until all of them fit, first without leaving one out; a width of
    /// 0 is a column that is left out.
    private func fit(_ widths: inout [Int], _ limit: Int) {
        let natural = widths
        for dropped in 0...drops.count {
            widths = natural
            for column in drops.prefix(dropped) { widths[column] = 0 }
            while Self.total(widths) > limit,
                let widest = shrinks.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > Self.narrowest
            {
                widths[widest] -= 1
            }
            if Self.total(widths) <= limit { return }
        }
    }

    private static func total(_ widths: [Int]) -> Int {
        let shown = widths.filter { $0 > 0 }
        return shown.reduce(2 * max(0, shown.count - 1), +)
    }

    /// A column that is cut keeps so many characters.
    private static let narrowest = 12

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

/// A length for people, in powers of 1000: `312 B`, `4.2 MB`, `118 MB`.
func describe(bytes: Int64) -> String {
    var value = bytes
    var rest: Int64 = 0
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if value < 1000 || unit == "TB" {
            let digit = unit == "B" || value >= 100 ? "" : ".\(rest / 100)"
            return "\(value)\(digit) \(unit)"
        }
        rest = value % 1000
        value /= 1000
    }
    return "\(bytes) B"
}

extension String {
    /// Text of somebody else on one line: what would move the cursor or colour the screen is a space.
    var asOneLine: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map {
                    switch $0.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: " "
                    default: $0
                    }
                }))
    }
}

/// `1 migration`, `2 migrations`.
func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}
