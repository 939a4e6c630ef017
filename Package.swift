// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "migrate",
    products: [
        .executable(name: "migrate", targets: ["migrate"]),
        // Preloaded by tests into the program, to break its n-th system call.
        .library(name: "FaultInjector", type: .dynamic, targets: ["FaultInjector"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // C libraries. CLibPQ opens libpq on first use, so that a run that needs no PostgreSQL
        // does not pay for loading it (docs/decisions/0002-libpq-on-first-use.md); CCurl does so with
        // libcurl.
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"]), .yum(["sqlite-devel"])]),
        .systemLibrary(
            name: "CYAML", pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"]), .brew(["libyaml"]), .yum(["libyaml-devel"])]),
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"]), .yum(["libzstd-devel"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"]), .yum(["zlib-devel"])]),
        .target(name: "CLibPQ"),
        .target(name: "CCurl"),

        // Vocabulary and drivers.
        .target(name: "Database"),
        .target(name: "SQLText"),
        .target(name: "SQLiteDriver", dependencies: ["Database", "CSQLite"]),
        .target(name: "PostgresDriver", dependencies: ["Database", "CLibPQ"]),

        // Engines.
        .target(
            name: "Migrations",
            dependencies: [
                "Database", "SQLText", "CZlib",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "Verification", dependencies: ["Database", "SQLText"]),
        .target(name: "ProjectConfig", dependencies: ["CYAML", "Releases"]),
        .target(
            name: "SnapshotFormat",
            dependencies: ["CZstd", "CZlib", .product(name: "Crypto", package: "swift-crypto")]),
        .target(
            name: "Signatures",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "Storage"),
        .target(name: "PostgresCatalog", dependencies: ["Database", "SQLText"]),
        .target(
            name: "Snapshots",
            dependencies: [
                "Database", "SQLText", "SnapshotFormat", "Storage", "PostgresCatalog",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(name: "Releases", dependencies: ["Signatures"]),

        // The program.
        .target(
            name: "MigrateCLI",
            dependencies: [
                "Database", "SQLText", "SQLiteDriver", "PostgresDriver", "Migrations",
                "Verification", "ProjectConfig", "SnapshotFormat", "Storage", "Snapshots",
                "Releases", "Signatures", "HTTP",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "migrate", dependencies: ["MigrateCLI"]),

        // Tests.
        .target(name: "FaultInjector", path: "Tests/FaultInjector"),
        .target(
            name: "TestSupport",
            dependencies: ["Database", "SQLiteDriver", "PostgresDriver"], path: "Tests/TestSupport"),
        .testTarget(name: "SQLTextTests", dependencies: ["SQLText", "TestSupport"]),
        .testTarget(
            name: "DriverTests",
            dependencies: ["Database", "SQLiteDriver", "PostgresDriver", "TestSupport"]),
        .testTarget(
            name: "MigrationsTests",
            dependencies: [
                "Migrations", "SQLText", "Database", "SQLiteDriver", "PostgresDriver",
                "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "VerificationTests",
            dependencies: [
                "migrate", "Verification", "Database", "SQLiteDriver", "PostgresDriver",
                "TestSupport",
            ]),
        .testTarget(name: "SnapshotFormatTests", dependencies: ["SnapshotFormat", "TestSupport"]),
        .testTarget(
            name: "SignaturesTests",
            dependencies: [
                "Signatures", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "ReleasesTests", dependencies: ["Releases", "Signatures", "TestSupport"]),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "TestSupport"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "TestSupport"]),
        .testTarget(
            name: "PostgresCatalogTests",
            dependencies: ["PostgresCatalog", "Database", "PostgresDriver", "TestSupport"]),
        .testTarget(
            name: "SnapshotsTests",
            dependencies: [
                "migrate", "Snapshots", "SnapshotFormat", "Storage", "PostgresCatalog", "Database",
                "SQLiteDriver", "PostgresDriver", "TestSupport",
            ]),
        .testTarget(name: "ProjectConfigTests", dependencies: ["ProjectConfig", "TestSupport"]),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "migrate", "Database", "SQLiteDriver", "PostgresDriver", "TestSupport",
            ], exclude: ["Surface/Golden"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where ![.system, .plugin, .binary].contains(target.type) {
    guard !["CLibPQ", "CCurl", "FaultInjector"].contains(target.name) else { continue }
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    // scripts/lint and CI set this; a newer compiler's new warning must not stop a user's build.
    if Context.environment["MIGRATE_WARNINGS_AS_ERRORS"] != nil {
        settings.append(.treatAllWarnings(as: .error))
    }
    target.swiftSettings = settings
}
