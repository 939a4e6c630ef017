import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP proxy on loopback that stands for a distance: it delays each direction, counts how often
/// the client spoke after the server had (round trips), and can cut all connections.
///
/// Plain sockets and two threads a connection. Thread-safe.
package final class DelayProxy: Sendable {
    /// Why it could not be set up.
    package struct SocketError: Error {
        /// The call that failed.
        package let call: String
        /// Its errno.
        package let number: Int32
    }

    private struct State {
        var roundTrips = 0
        var clientBytes = 0
        var connections = 0
        var isClosed = false
        var sockets: [Int32] = []
    }

    /// Shared by the threads, which outlive a proxy that is dropped before they have ended.
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    /// The port on 127.0.0.1.
    package let port: Int
    private let shared = Shared()
    private let listener: Int32

    /// Starts to listen and forwards each connection to `port` of `host` (an IPv4 address).
    ///
    /// - Throws: `SocketError`.
    package init(host: String = "127.0.0.1", port: Int, delay: Duration = .zero) throws {
        let listener = try Self.openSocket()
        var own = Self.address(host: "127.0.0.1", port: 0)
        guard Self.withAddress(&own, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0
        else { throw SocketError(call: "bind", number: errno) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(listener, $0, &length)
            }
        }
        self.listener = listener
        self.port = Int(UInt16(bigEndian: own.sin_port))
        let shared = self.shared
        Self.startThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Self.serve(client, host: host, port: port, delay: delay, shared: shared)
            }
        }
    }

    deinit {
        cut()
        shared.state.withLock { $0.isClosed = true }
        // Ends the accept() of the listening thread; close() alone would not.
        _ = shutdown(listener, Int32(SHUT_RDWR))
        _ = close(listener)
    }

    /// How often the client began to speak after the server had, since the last `reset()`.
    package var roundTrips: Int { shared.state.withLock { $0.roundTrips } }
    /// How many bytes the client sent since the last `reset()`.
    package var clientBytes: Int { shared.state.withLock { $0.clientBytes } }
    /// How many connections were made since the last `reset()`.
    package var connections: Int { shared.state.withLock { $0.connections } }

    /// Sets the counts to zero.
    package func reset() {
        shared.state.withLock {
            $0.roundTrips = 0
            $0.clientBytes = 0
            $0.connections = 0
        }
    }

    /// Cuts all connections that are open now; new ones are served.
    package func cut() {
        shared.state.withLock { state in
            for socket in state.sockets { _ = shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    // MARK: Forwarding

    /// One connection: whose turn it was last, to count the turns. The server speaks last before
    /// the client's first word.
    private final class Turn: Sendable {
        let clientSpoke = Mutex(false)
        let openDirections = Mutex(2)
    }

    private static func serve(
        _ client: Int32, host: String, port: Int, delay: Duration, shared: Shared
    ) {
        guard let server = try? openSocket() else {
            _ = close(client)
            return
        }
        var target = address(host: host, port: port)
        guard withAddress(&target, { connect(server, $0, $1) }) == 0 else {
            _ = close(client)
            _ = close(server)
            return
        }
        for socket in [client, server] { sendAtOnce(socket) }
        shared.state.withLock {
            $0.connections += 1
            $0.sockets += [client, server]
        }
        let turn = Turn()
        forward(from: client, to: server, delay: delay, turn: turn, shared: shared) { count in
            let isNew = turn.clientSpoke.withLock { spoke in
                defer { spoke = true }
                return !spoke
            }
            shared.state.withLock {
                $0.clientBytes += count
                if isNew { $0.roundTrips += 1 }
            }
        }
        forward(from: server, to: client, delay: delay, turn: turn, shared: shared) { _ in
            turn.clientSpoke.withLock { $0 = false }
        }
    }

    /// One direction: a thread reads and stamps, another writes each piece when its time has come,
    /// so that pieces which follow one another closely are delayed side by side, as on a wire.
    private static func forward(
        from source: Int32, to sink: Int32, delay: Duration, turn: Turn, shared: Shared,
        onBytes: @escaping @Sendable (Int) -> Void
    ) {
        let queue = PieceQueue()
        startThread {
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(source, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                onBytes(count)
                queue.append(
                    PieceQueue.Piece(
                        bytes: Array(buffer[..<count]), due: ContinuousClock.now + delay))
            }
            queue.append(PieceQueue.Piece(bytes: [], due: ContinuousClock.now + delay))
        }
        startThread {
            while true {
                let piece = queue.next()
                guard !piece.bytes.isEmpty, writeAll(piece.bytes, to: sink) else { break }
            }
            _ = shutdown(sink, Int32(SHUT_WR))
            _ = shutdown(source, Int32(SHUT_RD))
            let isLast = turn.openDirections.withLock { open in
                open -= 1
                return open == 0
            }
            guard isLast else { return }
            shared.state.withLock { state in
                state.sockets.removeAll { $0 == source || $0 == sink }
                _ = close(source)
                _ = close(sink)
            }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to sink: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    // MARK: Sockets and threads

    private static func openSocket() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw SocketError(call: "socket", number: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func sendAtOnce(_ socket: Int32) {
        var on: Int32 = 1
        _ = setsockopt(
            socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func address(host: String, port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        _ = inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    private static func withAddress(
        _ address: inout sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Runs `body` on a thread of its own.
    package static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        if status == 0 { pthread_detach(thread) } else { box.release() }
    }
}

/// Pieces on their way, in order, each with the time at which it arrives.
private final class PieceQueue: Sendable {
    struct Piece {
        let bytes: [UInt8]
        let due: ContinuousClock.Instant
    }

    private let pieces = Mutex<[Piece]>([])
    private let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        readEnd = ends[0]
        writeEnd = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        _ = close(readEnd)
        _ = close(writeEnd)
    }

    func append(_ piece: Piece) {
        pieces.withLock { $0.append(piece) }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// The next piece, when its time has come.
    func next() -> Piece {
        var byte: UInt8 = 0
        while read(readEnd, &byte, 1) < 0 && errno == EINTR {}
        let piece = pieces.withLock { $0.removeFirst() }
        while true {
            let left = (piece.due - ContinuousClock.now).components
            let nanoseconds = left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000
            guard nanoseconds > 0 else { return piece }
            var time = timespec(
                tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
            _ = nanosleep(&time, nil)
        }
    }
}
