import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A pooler on loopback that lends a server's sessions for a transaction at a time, as PgBouncer
/// does with `pool_mode = transaction`. It lets everybody in, as the server's superuser.
///
/// A thread a client, which blocks while no session is free. Thread-safe.
/// Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
package final class TransactionPooler: Sendable {
    /// The port on 127.0.0.1.
    package let port: Int
    private let listener: Int32
    private let pool: SessionPool

    /// Opens so many sessions of a database of a server on 127.0.0.1, and starts to listen.
    ///
    /// - Throws: `DelayProxy.SocketError`.
    package init(serverPort: Int, user: String, database: String, sessions: Int) throws {
        pool = try SessionPool(
            port: serverPort, user: user, database: database, count: sessions)
        (listener, port) = try LoopbackSocket.listen()
        let (listener, pool) = (listener, pool)
        DelayProxy.startThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                DelayProxy.startThread {
                    PooledClient(client, pool).serve()
                    _ = close(client)
                }
            }
        }
    }

    deinit {
        // Ends the accept() of the listening thread; close() alone would not.
        _ = shutdown(listener, Int32(SHUT_RDWR))
        _ = close(listener)
        pool.close()
    }
}

/// The sessions that nobody uses at the moment, the last one that was given back first.
private final class SessionPool: Sendable {
    private let free: Mutex<[Int32]>
    private let all: Mutex<[Int32]>
    /// The server's messages about its settings, which every client gets.
    let greeting: [UInt8]

    init(port: Int, user: String, database: String, count: Int) throws {
        var sessions: [Int32] = []
        var settings: [UInt8] = []
        for _ in 0..<count {
            let session = try LoopbackSocket.connect(port: port)
            let words = ["user", user, "database", database, "client_encoding", "UTF8"]
            let body: [UInt8] = words.flatMap { Array($0.utf8) + [UInt8(0)] } + [UInt8(0)]
            Message.write(Message.number(8 + body.count) + Message.number(196_608) + body, session)
            settings = []
            while let message = Message(from: session), message.type != "Z" {
                if message.type == "S" { settings += message.bytes }
            }
            sessions.append(session)
        }
        greeting = settings
        free = Mutex(sessions)
        all = Mutex(sessions)
    }

    /// A session of one's own until it is given back; nil where none became free in time.
    func take() -> Int32? {
        for _ in 0..<2000 {
            if let session = free.withLock({ $0.popLast() }) { return session }
            poll(nil, 0, 5)
        }
        return nil
    }

    func giveBack(_ session: Int32) { free.withLock { $0.append(session) } }

    func close() {
        for session in all.withLock({ $0 }) { _ = shutdown(session, Int32(SHUT_RDWR)) }
    }
}

/// One client: its own thread carries the messages both ways.
private struct PooledClient {
    private let client: Int32
    private let pool: SessionPool
    /// The session that it has for this transaction.
    private var session: Int32?
    /// How many answers of "ready for query" it still waits for.
    private var outstanding = 0

    init(_ client: Int32, _ pool: SessionPool) {
        self.client = client
        self.pool = pool
    }

    consuming func serve() {
        guard greet() else { return }
        while step() {}
        guard let session else { return }
        // What the client left open is undone before another one gets it.
        Message.write(Message.query("ROLLBACK"), session)
        while let message = Message(from: session), message.type != "Z" {}
        pool.giveBack(session)
    }

    /// Answers the start-up packets.
    private func greet() -> Bool {
        while let packet = Message(startupFrom: client) {
            switch packet.code {
            // Requests for TLS and GSSAPI: no.
            case 80_877_103, 80_877_104: Message.write([UInt8(ascii: "N")], client)
            case 196_608:
                var answer = Message.make("R", Message.number(0)) + pool.greeting
                // A process id that is none of the server's.
                answer += Message.make("K", Message.number(4_000_000) + Message.number(1))
                answer += Message.make("Z", [UInt8(ascii: "I")])
                Message.write(answer, client)
                return true
            default: return false
            }
        }
        return false
    }

    /// Carries one message; false at the end.
    private mutating func step() -> Bool {
        var ends = [pollfd(fd: client, events: Int16(POLLIN), revents: 0)]
        if let session { ends.append(pollfd(fd: session, events: Int16(POLLIN), revents: 0)) }
        guard poll(&ends, nfds_t(ends.count), -1) > 0 || errno == EINTR else { return false }
        if let session, ends[1].revents != 0 {
            guard let message = Message(from: session) else { return false }
            Message.write(message.bytes, client)
            if message.type == "Z" {
                outstanding -= 1
                if outstanding == 0, message.bytes.last == UInt8(ascii: "I") {
                    pool.giveBack(session)
                    self.session = nil
                }
            }
        }
        guard ends[0].revents != 0 else { return true }
        guard let message = Message(from: client), message.type != "X" else { return false }
        if session == nil { session = pool.take() }
        guard let session else { return false }
        if message.type == "Q" || message.type == "S" { outstanding += 1 }
        Message.write(message.bytes, session)
        return true
    }
}

/// A message of the protocol, with its type and length.
private struct Message {
    let bytes: [UInt8]
    var type: Character { Character(Unicode.Scalar(bytes[0])) }
    /// The code of a start-up packet.
    var code: Int { Self.number(bytes[4..<8]) }

    init?(from socket: Int32) {
        guard let head = Self.read(5, socket),
            let body = Self.read(Self.number(head[1...]) - 4, socket)
        else { return nil }
        bytes = head + body
    }

    init?(startupFrom socket: Int32) {
        guard let head = Self.read(4, socket),
            let body = Self.read(Self.number(head[...]) - 4, socket), body.count >= 4
        else { return nil }
        bytes = head + body
    }

    static func make(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        [UInt8(ascii: type)] + number(body.count + 4) + body
    }

    static func query(_ sql: String) -> [UInt8] { make("Q", Array(sql.utf8) + [0]) }

    static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func read(_ count: Int, _ socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: max(0, count))
        var done = 0
        while done < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress?.advanced(by: done), $0.count - done, 0)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }

    static func write(_ bytes: [UInt8], _ socket: Int32) {
        var done = 0
        while done < bytes.count {
            let sent = bytes[done...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return }
            done += sent
        }
    }
}

/// Sockets on 127.0.0.1.
private enum LoopbackSocket {
    /// A listening socket, and its port.
    static func listen() throws -> (Int32, Int) {
        let socket = try open()
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                #if canImport(Glibc)
                    guard Glibc.bind(socket, address, length) == 0, Glibc.listen(socket, 16) == 0
                    else { return -1 }
                #elseif canImport(Musl)
                    guard Musl.bind(socket, address, length) == 0, Musl.listen(socket, 16) == 0
                    else { return -1 }
                #else
                    guard Darwin.bind(socket, address, length) == 0,
                        Darwin.listen(socket, 16) == 0
                    else { return -1 }
                #endif
                return getsockname(socket, address, &length)
            }
        }
        guard status == 0 else { throw DelayProxy.SocketError(call: "listen", number: errno) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connect(port: Int) throws -> Int32 {
        let socket = try open()
        var address = Self.address(port: port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #if canImport(Glibc)
                    Glibc.connect(socket, $0, length)
                #elseif canImport(Musl)
                    Musl.connect(socket, $0, length)
                #else
                    Darwin.connect(socket, $0, length)
                #endif
            }
        }
        guard status == 0 else { throw DelayProxy.SocketError(call: "connect", number: errno) }
        return socket
    }

    private static func open() throws -> Int32 {
        #if canImport(Glibc)
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let socket = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard socket >= 0 else { throw DelayProxy.SocketError(call: "socket", number: errno) }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        return socket
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        _ = inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        return address
    }
}
