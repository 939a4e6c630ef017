#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reading and writing small files and listing folders, on the system's own calls: a start that
/// reads ten thousand files must not pay for more.
package enum Files {
    /// A system call that failed on a path.
    package struct Failure: Error, Sendable {
        /// The path as given.
        package let path: String
        /// The value of `errno`.
        package let errorNumber: Int32

        /// Creates one.
        package init(path: String, errorNumber: Int32) {
            self.path = path
            self.errorNumber = errorNumber
        }

        /// The system's words for it, such as `No such file or directory`, in lower case.
        package var reason: String {
            let text = String(cString: strerror(errorNumber))
            return text.prefix(1).lowercased() + text.dropFirst()
        }

        /// True where the path does not exist.
        package var isMissing: Bool { errorNumber == ENOENT || errorNumber == ENOTDIR }
    }

    /// All bytes of a file.
    ///
    /// - Throws: `Failure`, EISDIR for a folder among others.
    package static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw Failure(path: path, errorNumber: errno)
        }
        var bytes: [UInt8] = []
        // One byte more than the size, so that the end is seen without a second large read.
        var capacity = Int(status.st_size) + 1
        while true {
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                let result = Self.readFully(descriptor, buffer)
                count = max(0, result)
                failure = result < 0 ? errno : 0
            }
            guard failure == 0 else { throw Failure(path: path, errorNumber: failure) }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            if chunk.count < capacity { return bytes }
            capacity = 65_536
        }
    }

    private static func readFully(
        _ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        var done = 0
        while done < buffer.count {
            guard let start = buffer.baseAddress else { break }
            #if canImport(Darwin)
                let count = Darwin.read(descriptor, start + done, buffer.count - done)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, start + done, buffer.count - done)
            #else
                let count = Glibc.read(descriptor, start + done, buffer.count - done)
            #endif
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return -1 }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes a new file; an existing one is never touched (`O_EXCL`).
    ///
    /// - Throws: `Failure`, EEXIST where it exists.
    package static func create(_ path: String, _ text: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure(path: path, errorNumber: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes a file that takes the place of one that is there, whole or not at all.
    ///
    /// - Throws: `Failure`.
    package static func replace(_ path: String, _ text: String) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        remove(temporary)
        do throws(Failure) {
            try create(temporary, text)
        } catch {
            remove(temporary)
            throw Failure(path: path, errorNumber: error.errorNumber)
        }
        guard rename(temporary, path) == 0 else {
            let failure = Failure(path: path, errorNumber: errno)
            remove(temporary)
            throw failure
        }
    }

    /// Deletes a file; does nothing where that is not possible.
    package static func remove(_ path: String) { _ = unlink(path) }

    /// Creates a folder and the parents that are missing; an existing folder is fine.
    package static func createFolder(_ path: String) throws(Failure) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw Failure(path: path, errorNumber: errno)
        }
        try createFolder(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw Failure(path: path, errorNumber: errno)
        }
    }

    /// The names in a folder, without `.` and `..`, sorted by their bytes.
    package static func list(_ path: String) throws(Failure) -> [String] {
        guard let folder = opendir(path) else { throw Failure(path: path, errorNumber: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// True where a folder stands at the path.
    package static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// True where a file or folder stands at the path.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
