import Testing

@testable import Snapshots

/// Keys are taken apart only where nothing of them is lost.
@Suite struct KeyStatementTests {
    @Test(arguments: [
        (
            "PRIMARY KEY (a)", "CREATE UNIQUE INDEX k ON ONLY s.t USING btree (a)",
            "PRIMARY KEY USING INDEX k"
        ),
        (
            "UNIQUE NULLS NOT DISTINCT (a, \"b, (\"\"\") INCLUDE (c) WITH (fillfactor='70', x=')') "
                + "USING INDEX TABLESPACE \"fast one\" DEFERRABLE INITIALLY DEFERRED",
            "CREATE UNIQUE INDEX k ON ONLY s.t USING btree (a, \"b, (\"\"\") INCLUDE (c) "
                + "NULLS NOT DISTINCT WITH (fillfactor='70', x=')') TABLESPACE \"fast one\"",
            "UNIQUE USING INDEX k DEFERRABLE INITIALLY DEFERRED"
        ),
    ])
    func `a key is an index and a constraint`(key: String, index: String, constraint: String) throws
    {
        let statement = try #require(KeyStatement("ALTER TABLE ONLY s.t ADD CONSTRAINT k \(key)"))
        #expect(statement.index == index)
        #expect(statement.constraint == "ALTER TABLE ONLY s.t ADD CONSTRAINT k \(constraint)")
        #expect(statement.tableName == "t")
    }

    @Test func `a quoted table's name is as the catalogs have it`() {
        let sql = "ALTER TABLE ONLY \"S\".\"T\"\"\"\"\u{301}\" ADD CONSTRAINT \"K\" UNIQUE (a)"
        #expect(KeyStatement(sql)?.tableName == "T\"\"\u{301}")
    }

    @Test(arguments: [
        "EXCLUDE USING gist (a WITH &&)", "PRIMARY KEY (a, b WITHOUT OVERLAPS)",
        "UNIQUE (lower(a))", "UNIQUE (a) WHERE (b)", "PRIMARY KEY (a) NOT VALID", "UNIQUE (a",
        "CHECK ((a > 0))", "UNIQUE (a) WITH (x='", "FOREIGN KEY (a) REFERENCES s.t (a)",
        "UNIQUE ()", "PRIMARY KEY (a) INCLUDE (b) DEFERRABLE NOT ENFORCED",
    ])
    func `all else stays whole`(key: String) {
        #expect(KeyStatement("ALTER TABLE ONLY s.t ADD CONSTRAINT k \(key)") == nil)
        #expect(KeyStatement("ALTER TABLE s.t ADD CONSTRAINT k PRIMARY KEY (a)") == nil)
    }
}
