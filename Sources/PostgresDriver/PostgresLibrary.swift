/// The libpq that this program runs with.
package enum PostgresLibrary {
    /// `15.18`; nil where libpq cannot be loaded. Loads it.
    package static var version: String? {
        guard (try? LibPQ.load()) != nil else { return nil }
        let number = LibPQ.version
        return "\(number / 10_000).\(number % 10_000)"
    }
}
