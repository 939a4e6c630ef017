import Foundation
import Synchronization

/// A server for HTTP on a local port that answers what a test says and keeps what it was asked.
///
/// Thread-safe. It stops with its value.
package final class TestHTTPServer: Sendable {
    /// What was asked.
    package struct Request: Sendable, Hashable {
        /// `GET` or `POST`.
        package var method: String
        /// The path with its query.
        package var path: String
        /// The body's text.
        package var body: String
    }

    /// What is answered.
    package enum Answer: Sendable, Hashable {
        /// A status and a body.
        case reply(Int, String = "")
        /// The connection is closed without a word.
        case hangUp
        /// The connection stays open until the server stops, and nothing is said.
        case silence
    }

    /// `http://127.0.0.1:PORT`.
    package let url: String
    private let listener: Int32
    private let requestsSeen = Mutex<[Request]>([])
    private let kept = Mutex<[Int32]>([])

    /// Listens on a free port.
    ///
    /// - Throws: `ServerFailure` where it cannot.
    package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &size) == 0
            }
        }
        guard listener >= 0, isBound else { throw ServerFailure() }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let thread = Thread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client, answer)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        kept.withLock { for client in $0 { close(client) } }
    }

    /// What was asked so far, in order.
    package var requests: [Request] { requestsSeen.withLock { $0 } }

    private func serve(_ client: Int32, _ answer: (Request) -> Answer) {
        guard let request = Self.read(client) else {
            close(client)
            return
        }
        requestsSeen.withLock { $0.append(request) }
        switch answer(request) {
        case .reply(let status, let body):
            let bytes = Array(
                ("HTTP/1.1 \(status) Test\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n" + body).utf8)
            _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            close(client)
        case .hangUp: close(client)
        case .silence: kept.withLock { $0.append(client) }
        }
    }

    private static func read(_ client: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound]
                let length = head.lowercased().split(separator: "\r\n").first {
                    $0.hasPrefix("content-length:")
                }.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
                let body = text[end.upperBound...]
                if body.utf8.count >= length ?? 0 {
                    let words = head.split(separator: " ")
                    return Request(
                        method: String(words[0]), path: String(words[1]), body: String(body))
                }
            }
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }

    private struct ServerFailure: Error {}
}
