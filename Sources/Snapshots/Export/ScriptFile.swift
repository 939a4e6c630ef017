internal import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that a script is written to: under another name in the same folder until it is whole and
/// on disk.
package struct ScriptFile: Sendable {
    /// Its path.
    package let path: String
    private let replaces: Bool

    /// Names one.
    ///
    /// - Parameters:
    ///   - path: its path.
    ///   - replaces: whether a file of that name may be replaced.
    /// - Throws: `.refused` where there is one, or something that is no file.
    package init(_ path: String, replaces: Bool) throws(SnapshotError) {
        self.path = path
        self.replaces = replaces
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SnapshotError(
                .refused, "'\(path)' is there and no ordinary file",
                hint: "Name another file, or leave --output out for standard output.")
        }
        guard replaces else {
            throw SnapshotError(
                .refused, "there is a file '\(path)' already",
                hint: "Name another one, or replace it with --force.")
        }
    }

    /// Writes it, for its owner to read and nobody else.
    ///
    /// - Parameter body: is given what takes the bytes. Whatever it throws, the path is as it was.
    /// - Returns: what `body` returns.
    /// - Throws: `.storage`, `.refused` where a file appeared meanwhile; what `body` throws.
    package func write<Result>(
        _ body: (_ sink: @escaping (ArraySlice<UInt8>) throws(SnapshotError) -> Void)
            throws(SnapshotError) -> Result
    ) throws(SnapshotError) -> Result {
        let folder = SystemFiles.folder(of: path)
        let temporary =
            (folder == "/" ? "" : folder)
            + "/.migrate-export-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var isMoved = false
        let file = OpenScript(try SequentialFile(creating: temporary, mode: 0o600))
        defer { if !isMoved { unlink(temporary) } }
        let result = try body { (bytes) throws(SnapshotError) in try file.file.write(bytes) }
        try file.file.flush()
        if replaces {
            guard rename(temporary, path) == 0 else { throw SystemFiles.failure("create", path) }
            try SystemFiles.flush(folder)
        } else {
            try SystemFiles.move(temporary, to: path)
        }
        isMoved = true
        return result
    }
}

/// The file, so that a closure can hold it.
private final class OpenScript {
    let file: SequentialFile
    init(_ file: consuming SequentialFile) { self.file = file }
}
