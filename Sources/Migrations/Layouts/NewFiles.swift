/// The files of a new migration.
struct NewFiles {
    /// One of them.
    struct File {
        let path: String
        /// What it holds.
        let text: String
        /// True for one that is there and gets another text.
        var replaces = false
    }

    let version: String
    let name: String
    /// In the order in which they are written.
    let files: [File]

    /// A UTC timestamp where the newest version is one (14 digits or more), else the next number
    /// with as many digits; of several groups the last one is counted up.
    static func next(after newest: Version?, now: String) -> String {
        guard let newest else { return "001" }
        let digits = newest.text
        if digits.count >= 14, !digits.contains(".") {
            let stamp = now.prefix(19).filter(\.isNumber)
            // A folder that runs ahead of the clock still gets a newer version.
            if let candidate = Version(stamp), candidate > newest { return String(stamp) }
        }
        guard let dot = digits.lastIndex(of: ".") else { return incremented(digits) }
        return digits[...dot] + incremented(String(digits[dot...].dropFirst()))
    }

    private static func incremented(_ digits: String) -> String {
        var bytes = Array(digits.utf8)
        for index in bytes.indices.reversed() {
            if bytes[index] < UInt8(ascii: "9") {
                bytes[index] += 1
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes[index] = UInt8(ascii: "0")
        }
        return "1" + String(decoding: bytes, as: UTF8.self)
    }
}
