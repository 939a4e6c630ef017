import HTTP
import TestSupport
import Testing

/// Requests to a server on this machine.
struct HTTPClientTests {
    @Test func `a page and its status come back, whatever the status is`() throws {
        let server = try TestHTTPServer { $0.path == "/health" ? .reply(200, "fine") : .reply(503) }
        let page = try HTTPClient.get(server.url + "/health", timeout: .seconds(10))
        #expect(page.status == 200)
        #expect(String(decoding: page.body, as: UTF8.self) == "fine")
        #expect(try HTTPClient.get(server.url + "/else", timeout: .seconds(10)).status == 503)
    }

    @Test func `a document is posted as it is`() throws {
        let server = try TestHTTPServer { _ in .reply(204) }
        let text = "{\"text\":\"größer \\u0000 \(String(repeating: "x", count: 20_000))\"}"
        #expect(
            try HTTPClient.post(server.url + "/hook", json: text, timeout: .seconds(10)).status
                == 204)
        let request = try #require(server.requests.first)
        #expect(request.method == "POST" && request.path == "/hook" && request.body == text)
        _ = try HTTPClient.post(server.url, json: "", timeout: .seconds(10))
        #expect(server.requests.last?.body == "")
    }

    @Test func `a redirection is not followed`() throws {
        let other = try TestHTTPServer { _ in .reply(200) }
        let server = try TestHTTPServer { _ in .reply(302, "Location: \(other.url)") }
        #expect(try HTTPClient.get(server.url, timeout: .seconds(10)).status == 302)
        #expect(other.requests.isEmpty)
    }

    @Test func `a server that says nothing costs the time that was given, no more`() throws {
        let server = try TestHTTPServer { _ in .silence }
        let clock = ContinuousClock()
        let start = clock.now
        let error = try #require(throws: HTTPError.self) {
            try HTTPClient.get(server.url, timeout: .milliseconds(200))
        }
        #expect(!error.isCancelled)
        #expect(clock.now - start >= .milliseconds(200))
        #expect(clock.now - start < .seconds(30))
    }

    @Test func `a request that is given up ends`() throws {
        let server = try TestHTTPServer { _ in .silence }
        let error = try #require(throws: HTTPError.self) {
            try HTTPClient.get(server.url, timeout: .seconds(600)) { !server.requests.isEmpty }
        }
        #expect(error.isCancelled)
    }

    @Test func `no server, no answer, no such protocol: an error each`() throws {
        let server = try TestHTTPServer { _ in .hangUp }
        #expect(throws: HTTPError.self) { try HTTPClient.get(server.url, timeout: .seconds(10)) }
        #expect(throws: HTTPError.self) {
            try HTTPClient.get("http://127.0.0.1:1/", timeout: .seconds(10))
        }
        #expect(throws: HTTPError.self) {
            try HTTPClient.get("file:///etc/passwd", timeout: .seconds(10))
        }
        #expect(throws: HTTPError.self) { try HTTPClient.get("nonsense", timeout: .seconds(10)) }
    }

    @Test func `a body without end is cut off with an error`() throws {
        let server = try TestHTTPServer { _ in
            .reply(200, String(repeating: "x", count: HTTPClient.largestBody + 1))
        }
        let error = try #require(throws: HTTPError.self) {
            try HTTPClient.get(server.url, timeout: .seconds(30))
        }
        #expect(error.message == "the response is too large")
    }
}
