#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// When output is coloured.
enum ColorMode: String, CaseIterable, Sendable {
    case auto, always, never
}

/// The two standard streams: facts go to output, everything else to error.
///
/// Rules: results of a command are plain lines on standard output. Progress, warnings and errors
/// go to standard error. With `--json`, standard output holds one JSON document and nothing else;
/// the plain lines are not printed. With `--quiet`, only errors and the JSON document are.
/// Colour and the progress line appear only on a terminal. Everything passes through the redactor.
final class Terminal {
    let isJSON: Bool
    let isQuiet: Bool
    let isVerbose: Bool
    var redactor = Redactor()
    private let colorsOutput: Bool
    private let colorsError: Bool
    /// The progress line; nil where standard error is no terminal that a line can be redrawn on.
    private(set) var progress: Progress?
    private let canRedraw: Bool

    init(isJSON: Bool, isQuiet: Bool, isVerbose: Bool, color: ColorMode) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
        let isDumb = Self.variable("TERM") == "dumb"
        func isOn(_ descriptor: Int32) -> Bool {
            switch color {
            case .always: true
            case .never: false
            case .auto: isatty(descriptor) == 1 && Self.variable("NO_COLOR") == nil && !isDumb
            }
        }
        colorsOutput = isOn(STDOUT_FILENO)
        colorsError = isOn(STDERR_FILENO)
        canRedraw = isatty(STDERR_FILENO) == 1 && !isDumb && !isQuiet
    }

    /// A variable of the process environment; nil where it is not set or empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// True where a person can be asked: input and error are a terminal.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks on the terminal; only `y` or `yes` is a yes.
    ///
    /// - Returns: nil where `isCancelled` became true before there was an answer.
    static func ask(_ question: String, isCancelled: () -> Bool) -> Bool? {
        redraw(question + " [y/N] ")
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while poll(&input, 1, 50) <= 0 {
            guard !isCancelled() else {
                redraw("\n")
                return nil
            }
        }
        guard let answer = readLine() else {
            redraw("\n")
            return false
        }
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// Columns of standard output's terminal; unlimited in a pipe.
    var width: Int { isatty(STDOUT_FILENO) == 1 ? Self.width(of: STDOUT_FILENO) : Int.max }

    /// Columns of standard error's terminal; unlimited in a pipe.
    static var errorWidth: Int { isatty(STDERR_FILENO) == 1 ? width(of: STDERR_FILENO) : Int.max }

    /// 80 where the terminal does not tell.
    private static func width(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Makes the progress line ready for a long run, where it can be shown.
    func startProgress() {
        if canRedraw, progress == nil { progress = Progress() }
    }

    enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// Text in a style, where standard output shows styles.
    func styled(_ text: String, _ style: Style) -> String {
        colorsOutput ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Text in a style, where standard error shows styles.
    func styledError(_ text: String, _ style: Style) -> String {
        colorsError ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A line of the result.
    func result(_ line: String = "") {
        guard !isJSON && !isQuiet else { return }
        write(line + "\n", STDOUT_FILENO)
    }

    /// A line about what goes on.
    func note(_ line: String) {
        guard !isQuiet else { return }
        write(line + "\n", STDERR_FILENO)
    }

    /// A line that only `--verbose` shows.
    func detail(_ line: String) {
        if isVerbose { note(line) }
    }

    /// A warning.
    func warning(_ line: String) {
        note(styledError("warning:", .yellow) + " " + line)
    }

    /// Lines that are always shown.
    func error(_ text: String) { write(text + "\n", STDERR_FILENO) }

    /// The JSON document.
    func document(_ value: JSONValue) {
        write(value.mapStrings(redactor.redact).text + "\n", STDOUT_FILENO)
    }

    /// Text that is printed as it is, such as help.
    func raw(_ text: String) { write(text + "\n", STDOUT_FILENO) }

    /// Writes without redaction or a line end, for the progress line.
    static func redraw(_ text: String) { writeFully(text, STDERR_FILENO) }

    private func write(_ text: String, _ descriptor: Int32) {
        let text = redactor.redact(text)
        guard let progress else { return Self.writeFully(text, descriptor) }
        progress.pause { Self.writeFully(text, descriptor) }
    }

    /// A closed pipe must not end a run: what cannot be written is dropped.
    private static func writeFully(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
