import Database

/// A small set of migrations of every kind, whose statements each leave a trace: one that ran twice,
/// or not at all, shows in the data.
///
/// `trace` holds a row a statement, `items.weight` counts the updates, and `repeats` one row for each
/// run of the repeatable migration. Every down script is the exact opposite of its up script.
struct TracedMigrations {
    /// One migration; each inner list is what is committed together in a file without transaction.
    struct Migration {
        let version: String
        let name: String
        var isTransactional = true
        var verify: String?
        let up: [[String]]
        let down: [[String]]
    }

    /// The versioned ones, in order.
    let migrations: [Migration]
    /// The statements of `R__summary`.
    let repeatable: [String]

    /// The set for a dialect; without the migration that takes no transaction where all of them are
    /// to be one.
    init(_ dialect: Dialect, isOneTransaction: Bool = false) {
        let isPostgres = dialect == .postgres
        let all = [
            Self.items, Self.weigh, isPostgres ? Self.indexPostgres : Self.indexSQLite,
            isPostgres ? Self.widenPostgres : Self.rebuildSQLite,
        ]
        migrations = all.filter { $0.isTransactional || !isOneTransaction }
        repeatable = [
            "CREATE TABLE IF NOT EXISTS repeats (n integer)", "INSERT INTO repeats VALUES (1)",
            "DROP VIEW IF EXISTS summary",
            "CREATE VIEW summary AS SELECT count(*) AS steps FROM trace",
        ]
    }

    /// The files, by name.
    var files: [String: String] {
        var files = ["R__summary.sql": Self.text(repeatable)]
        for migration in migrations {
            let header = migration.isTransactional ? "" : "-- migrate: no-transaction\n"
            let stem = "\(migration.version)_\(migration.name)"
            files["\(stem).up.sql"] = header + Self.text(migration.up.flatMap(\.self))
            files["\(stem).down.sql"] = header + Self.text(migration.down.flatMap(\.self))
            files["\(stem).verify.sql"] = migration.verify
        }
        return files
    }

    private static func text(_ statements: [String]) -> String {
        statements.map { $0 + ";\n" }.joined()
    }

    // MARK: Both databases

    private static let items = Migration(
        version: "001", name: "items",
        up: [
            [
                "CREATE TABLE trace (step text NOT NULL)",
                "CREATE TABLE items (id integer PRIMARY KEY, label text NOT NULL, "
                    + "weight integer NOT NULL DEFAULT 0)",
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
                    + "INSERT INTO items SELECT i, 'item ' || i, 0 FROM n",
                "INSERT INTO trace VALUES ('001')",
            ]
        ],
        down: [["DROP TABLE items", "DROP TABLE trace"]])

    private static let weigh = Migration(
        version: "002", name: "weigh", verify: "SELECT id FROM items WHERE weight <> 1;",
        up: [
            [
                "UPDATE items SET weight = weight + 1", "ALTER TABLE items ADD COLUMN note text",
                "CREATE TABLE boxes (id integer PRIMARY KEY, item integer REFERENCES items(id))",
                "INSERT INTO boxes VALUES (1, 7)", "INSERT INTO trace VALUES ('002')",
            ]
        ],
        down: [
            [
                "DROP TABLE boxes", "ALTER TABLE items DROP COLUMN note",
                "UPDATE items SET weight = weight - 1", "DELETE FROM trace WHERE step = '002'",
            ]
        ])

    private static let block = [
        "BEGIN", "INSERT INTO trace VALUES ('003 block')",
        "UPDATE items SET weight = weight + 10", "COMMIT",
    ]
    private static let blockBack = [
        "BEGIN", "UPDATE items SET weight = weight - 10",
        "DELETE FROM trace WHERE step = '003 block'", "COMMIT",
    ]

    // MARK: PostgreSQL

    private static let indexPostgres = Migration(
        version: "003", name: "index", isTransactional: false,
        up: [
            ["INSERT INTO trace VALUES ('003 first')"],
            ["CREATE INDEX CONCURRENTLY items_label ON items (label)"], block, ["VACUUM items"],
            ["INSERT INTO trace VALUES ('003 last')"],
        ],
        down: [
            ["DELETE FROM trace WHERE step = '003 last'"],
            ["DROP INDEX CONCURRENTLY items_label"], blockBack,
            ["DELETE FROM trace WHERE step = '003 first'"],
        ])

    private static let widenPostgres = Migration(
        version: "004", name: "widen",
        up: [
            [
                "ALTER TABLE items ALTER COLUMN weight TYPE bigint",
                "UPDATE items SET weight = weight + 100, note = 'wide'",
                "INSERT INTO trace VALUES ('004')",
            ]
        ],
        down: [
            [
                "DROP VIEW IF EXISTS summary",
                "UPDATE items SET weight = weight - 100, note = NULL",
                "ALTER TABLE items ALTER COLUMN weight TYPE integer",
                "DELETE FROM trace WHERE step = '004'",
            ]
        ])

    // MARK: SQLite

    private static let indexSQLite = Migration(
        version: "003", name: "index", isTransactional: false,
        up: [
            ["INSERT INTO trace VALUES ('003 first')"], ["VACUUM"], block,
            ["CREATE INDEX items_label ON items (label)"],
            ["INSERT INTO trace VALUES ('003 last')"],
        ],
        down: [
            ["DELETE FROM trace WHERE step = '003 last'"], ["DROP INDEX items_label"], blockBack,
            ["VACUUM"], ["DELETE FROM trace WHERE step = '003 first'"],
        ])

    /// A rebuild of a table, which runs with foreign keys off.
    private static let rebuildSQLite = Migration(
        version: "004", name: "rebuild",
        up: [
            [
                "CREATE TABLE items_new (id integer PRIMARY KEY, label text NOT NULL, "
                    + "weight real NOT NULL, note text)",
                "INSERT INTO items_new SELECT id, label, weight + 100, 'wide' FROM items",
                "DROP TABLE items", "ALTER TABLE items_new RENAME TO items",
                "CREATE INDEX items_label ON items (label)", "INSERT INTO trace VALUES ('004')",
            ]
        ],
        down: [
            [
                "DROP VIEW IF EXISTS summary",
                "CREATE TABLE items_old (id integer PRIMARY KEY, label text NOT NULL, "
                    + "weight integer NOT NULL DEFAULT 0, note text)",
                "INSERT INTO items_old SELECT id, label, weight - 100, NULL FROM items",
                "DROP TABLE items", "ALTER TABLE items_old RENAME TO items",
                "CREATE INDEX items_label ON items (label)",
                "DELETE FROM trace WHERE step = '004'",
            ]
        ])
}
