#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A port of 127.0.0.1 on which connections are taken and nothing is ever said, or on which nobody
/// listens.
package final class SilentServer: Sendable {
    /// The port.
    package let port: Int
    private let listener: Int32

    /// Takes a free port.
    ///
    /// - Throws: `DelayProxy.SocketError`.
    package init(listens: Bool = true) throws {
        #if canImport(Glibc)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let listener = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        _ = inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, length) == 0 else { return -1 }
                // A port that is bound and not listened on refuses, and nobody else can take it.
                if listens, listen(listener, 16) != 0 { return -1 }
                return getsockname(listener, address, &length)
            }
        }
        guard status == 0 else { throw DelayProxy.SocketError(call: "listen", number: errno) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { _ = close(listener) }
}
