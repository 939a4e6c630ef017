#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open descriptor, closed by its end of life.
struct SystemFile: ~Copyable {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Reads up to `limit` bytes from where it stands; an error number where that fails.
    func readAll(limit: Int) -> Result<[UInt8], SystemError> {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit, let start = buffer.baseAddress {
                let result = systemRead(descriptor, start + count, limit - count)
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = errno }
                guard result > 0 else { break }
                count += result
            }
        }
        return failure == 0 ? .success(bytes) : .failure(SystemError(number: failure))
    }

    /// Writes all of it; an error number where that fails.
    func writeAll(_ bytes: [UInt8]) -> SystemError? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let start = buffer.baseAddress {
                let result = systemWrite(descriptor, start + done, buffer.count - done)
                if result < 0, errno == EINTR { continue }
                guard result > 0 else {
                    return SystemError(number: result < 0 ? errno : ENOSPC)
                }
                done += result
            }
            return nil
        }
    }
}

/// An error number of a system call.
struct SystemError: Error {
    var number: Int32

    var reason: String { String(cString: strerror(number)).lowercased() }
}

private func systemRead(_ descriptor: Int32, _ start: UnsafeMutableRawPointer, _ count: Int) -> Int
{
    read(descriptor, start, count)
}

private func systemWrite(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, start, count)
}
