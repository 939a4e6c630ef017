import Database
import Migrations
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs `body`, which has to fail with a `MigrationError`, and hands the error back.
func failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) throws -> MigrationError {
    var caught: MigrationError?
    do {
        try body()
    } catch let error as MigrationError {
        caught = error
    }
    return try #require(caught, "a failure was expected", sourceLocation: location)
}

/// Waits until `condition` holds, looking again and again.
///
/// - Throws: where it does not hold within half a minute, as a failure of the test.
func eventually(
    _ what: String, _ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "never: \(what)", sourceLocation: location)
        _ = poll(nil, 0, 5)
    }
}

/// Deletes a file; false where that fails.
func unlinkFile(_ path: String) -> Bool { unlink(path) == 0 }

extension UpRequest {
    init(
        to: String? = nil, count: Int? = nil, outOfOrder: Bool = false, strict: Bool = false,
        phases: Phases = .expand
    ) {
        self.init()
        self.to = to.flatMap { Version($0) }
        self.count = count
        allowsOutOfOrder = outOfOrder
        isStrict = strict
        self.phases = phases
    }
}

extension DownRequest {
    /// Down to a version that is written as text.
    static func to(_ text: String) throws -> DownRequest { .to(try #require(Version(text))) }
}

extension RunReport {
    /// The versions that were applied, in order.
    var appliedVersions: [String] { applied.map(\.version) }
    /// The versions that were reverted, in order.
    var revertedVersions: [String] { reverted.map(\.version) }
}

extension MigrationError.Failed {
    /// `file:line:column`.
    var place: String {
        "\(file ?? "")" + (line.map { ":\($0)" } ?? "") + (column.map { ":\($0)" } ?? "")
    }
}
