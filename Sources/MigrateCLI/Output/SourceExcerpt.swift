/// A line of a file with a caret under one of its columns, as two lines of text.
struct SourceExcerpt {
    private let line: [Unicode.Scalar]
    /// Index into `line`.
    private let caret: Int

    /// Takes a line and a column, from 1; no more than `width` columns around it are kept.
    init(_ text: String, column: Int, width: Int) {
        let shown = Array(text.unicodeScalars.prefix { $0 != "\r" })
        let index = min(max(0, column - 1), shown.count)
        guard shown.count > width else {
            line = shown
            caret = index
            return
        }
        // Two thirds of it before the place, which explain it.
        let start = min(max(0, index - width * 2 / 3), shown.count - width)
        var window = Array(shown[start..<(start + width)])
        if start > 0 { window[0] = "…" }
        if start + width < shown.count { window[width - 1] = "…" }
        line = window
        caret = index - start
    }

    /// The line, in which a control character cannot move the cursor.
    var text: String { String(String.UnicodeScalarView(line.map(Self.visible))) }

    /// What stands under it before the caret: tabs as they are, so that it stays below its place.
    var pad: String {
        String(String.UnicodeScalarView(line.prefix(caret).map { $0 == "\t" ? "\t" : " " }))
    }

    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        scalar != "\t" && (scalar.value < 0x20 || scalar.value == 0x7F) ? "\u{FFFD}" : scalar
    }
}
