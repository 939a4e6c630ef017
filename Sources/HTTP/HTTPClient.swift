internal import CCurl

/// A response.
package struct HTTPResponse: Sendable, Hashable {
    /// Its status, such as 200.
    package let status: Int
    /// Its body.
    package let body: [UInt8]
}

/// Why no response came.
package struct HTTPError: Error, Sendable, Hashable {
    /// In libcurl's words; holds no more of the address than its host and port.
    package let message: String
    /// True where the caller gave up.
    package let isCancelled: Bool
}

/// Requests over HTTP and HTTPS: short ones, one at a time.
///
/// The environment's proxy variables hold, as for curl. Thread-safe.
package enum HTTPClient {
    /// Bodies beyond so many bytes make a request fail.
    package static let largestBody = 1 << 20

    /// Asks for a page.
    ///
    /// - Parameters:
    ///   - url: the address; redirections are not followed.
    ///   - timeout: for all of it.
    ///   - isCancelled: asked at least once a second whether to give up.
    /// - Returns: the response, whatever its status.
    /// - Throws: where none came.
    package static func get(
        _ url: String, timeout: Duration, isCancelled: @escaping () -> Bool = { false }
    ) throws(HTTPError) -> HTTPResponse {
        try request(url, nil, nil, timeout, isCancelled)
    }

    /// Posts a document of JSON; the same parameters as `get`.
    ///
    /// - Throws: where no response came.
    package static func post(
        _ url: String, json: String, timeout: Duration,
        isCancelled: @escaping () -> Bool = { false }
    ) throws(HTTPError) -> HTTPResponse {
        try request(
            url, Array(json.utf8), "Content-Type: application/json; charset=utf-8", timeout,
            isCancelled)
    }

    private final class Watch {
        let isCancelled: () -> Bool
        init(_ isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }
    }

    private static func request(
        _ url: String, _ body: [UInt8]?, _ contentType: String?, _ timeout: Duration,
        _ isCancelled: @escaping () -> Bool
    ) throws(HTTPError) -> HTTPResponse {
        let watch = Watch(isCancelled)
        let (seconds, attoseconds) = timeout.components
        let milliseconds = max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
        var answer = ccurl_answer()
        defer { ccurl_free(&answer) }
        let context = Unmanaged.passUnretained(watch).toOpaque()
        let send: (UnsafePointer<CChar>?, Int) -> Int32 = { bytes, count in
            ccurl_request(
                url, bytes, count, contentType, milliseconds, largestBody,
                { context in
                    guard let context else { return 0 }
                    return Unmanaged<Watch>.fromOpaque(context).takeUnretainedValue().isCancelled()
                        ? 1 : 0
                }, context, &answer)
        }
        let result = withExtendedLifetime(watch) {
            if let body {
                body.withUnsafeBytes { buffer in
                    // An empty body is a body all the same.
                    buffer.isEmpty
                        ? "".withCString { send($0, 0) }
                        : send(buffer.assumingMemoryBound(to: CChar.self).baseAddress, buffer.count)
                }
            } else {
                send(nil, 0)
            }
        }
        guard result == 0 else {
            let message = withUnsafeBytes(of: &answer.error) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw HTTPError(
                message: message.prefix(1).lowercased() + message.dropFirst(),
                isCancelled: result == 1)
        }
        return HTTPResponse(
            status: Int(answer.status),
            body: Array(UnsafeBufferPointer(start: answer.body, count: answer.length)))
    }
}
