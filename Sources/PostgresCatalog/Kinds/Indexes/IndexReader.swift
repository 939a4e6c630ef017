/// Reads indexes and the constraints that are indexes.
struct IndexReader: ObjectReader {
    var isLarge: Bool { true }

    func queries(_ server: ServerFacts) -> [String] {
        [
            """
            SELECT i.indexrelid, xn.nspname, x.relname, n.nspname, t.relname, t.oid, ts.spcname, \
            i.indisclustered, i.indisreplident, \
            st.numbers, st.targets, \
            con.oid, con.conname, con.contype, con.condeferrable, con.condeferred, \
            CASE WHEN con.oid IS NULL AND odd.indexrelid IS NOT NULL \
            THEN pg_catalog.pg_get_indexdef(i.indexrelid) \
            WHEN NOT (\(Self.isPlainKey(server))) \
            THEN pg_catalog.pg_get_constraintdef(con.oid) END, i.indisunique, \
            i.indkey, \
            pg_catalog.pg_get_expr(i.indpred, i.indrelid), x.reloptions, \
            inh.inhparent, pn.nspname, p.relname, \
            i.indisvalid OR t.relkind = 'p', i.indisready \
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
            JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace \
            JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
            LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = x.reltablespace \
            LEFT JOIN pg_catalog.pg_constraint con ON con.conrelid = i.indrelid \
            AND con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x') \
            LEFT JOIN pg_catalog.pg_inherits inh ON inh.inhrelid = i.indexrelid \
            LEFT JOIN pg_catalog.pg_class p ON p.oid = inh.inhparent \
            LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
            LEFT JOIN (SELECT a.attrelid, \
            pg_catalog.array_agg(a.attnum ORDER BY a.attnum) AS numbers, \
            pg_catalog.array_agg(a.attstattarget ORDER BY a.attnum) AS targets \
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_index ix ON ix.indexrelid = a.attrelid \
            WHERE a.attnum > 0 AND a.attstattarget >= 0 GROUP BY a.attrelid) st \
            ON st.attrelid = i.indexrelid \
            LEFT JOIN (\(Self.oddIndexes(server))) odd ON odd.indexrelid = i.indexrelid \
            WHERE t.relkind IN ('r', 'p', 'm') AND t.relpersistence <> 't' \
            AND \(server.isUserSchema("t.relnamespace"))
            """
        ]
    }

    /// A condition: the constraint is a list of columns and no more, which needs no decompiling.
    private static func isPlainKey(_ server: ServerFacts) -> String {
        "con.contype IN ('p', 'u') AND i.indnatts = i.indnkeyatts"
            + server.since(15, " AND NOT i.indnullsnotdistinct", else: "")
            + server.since(18, " AND NOT con.conperiod", else: "")
    }

    /// A query for the indexes that say more than the names of columns in a btree, each with what its
    /// type has by default. Decompiling the others as well would be half the time of a database of
    /// ten thousand tables.
    private static func oddIndexes(_ server: ServerFacts) -> String {
        """
        SELECT DISTINCT oi.indexrelid FROM pg_catalog.pg_index oi \
        JOIN pg_catalog.pg_class ox ON ox.oid = oi.indexrelid \
        CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(oi.indkey::pg_catalog.int2[]), \
        pg_catalog.unnest(oi.indclass::pg_catalog.oid[]), \
        pg_catalog.unnest(oi.indcollation::pg_catalog.oid[]), \
        pg_catalog.unnest(oi.indoption::pg_catalog.int2[])) k(number, class, collation_, option_) \
        LEFT JOIN pg_catalog.pg_attribute oa \
        ON oa.attrelid = oi.indrelid AND oa.attnum = k.number AND oa.attnum > 0 \
        LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = k.class \
        WHERE ox.relkind <> 'i' OR ox.relam <> 403 OR ox.reloptions IS NOT NULL \
        OR oi.indexprs IS NOT NULL OR oi.indpred IS NOT NULL OR oi.indnatts <> oi.indnkeyatts\
        \(server.since(15, " OR oi.indnullsnotdistinct", else: "")) \
        OR NOT coalesce(k.option_ = 0 AND k.collation_ = oa.attcollation AND oc.opcdefault \
        AND oc.opcintype = oa.atttypid AND oc.oid < 16384, false)
        """
    }

    func read(_ answers: [Answer], into contents: inout CatalogContents) throws(CatalogError) {
        answers[0].forEach { row in
            let index = IndexRow(&row, contents.columns)
            let isOfExtension = contents.isMember(.relation, index.table)
            if isOfExtension, index.constraint != 0 || !index.isUsable {
                // A constraint of an extension's table counts as the extension's.
                contents.standIns[ObjectID(.relation, index.properties.oid)] =
                    ObjectID(.relation, index.table)
                contents.standIns[ObjectID(.constraint, index.constraint)] =
                    ObjectID(.relation, index.table)
            } else if !index.isUsable {
                contents.exclude(
                    ObjectID(.relation, index.properties.oid),
                    "The invalid index \(index.properties.quotedName) on \(index.properties.table)."
                )
            } else {
                contents.objects.append(index.object(mayBeThere: isOfExtension))
                if let attachment = index.attachment { contents.objects.append(attachment) }
            }
        }
    }
}

/// A row of the query for indexes.
private struct IndexRow {
    let table: UInt32
    let tableName: ObjectName
    let properties: IndexProperties
    let constraint: UInt32
    let constraintName: String
    let constraintType: Character?
    let deferral: String
    let definition: String
    let predicate: String?
    let options: [String]
    let parent: UInt32
    let parentName: QualifiedName
    /// False for what a CREATE INDEX CONCURRENTLY left behind when it failed.
    let isUsable: Bool

    init(_ row: inout RowCursor, _ columns: RelationColumns) {
        let oid = row.oid()
        let name = QualifiedName(schema: row.text(), name: row.text())
        tableName = ObjectName(schema: row.text(), row.text())
        table = row.oid()
        let tablespace = row.optionalText()
        let (isClustered, isReplicaIdentity) = (row.flag(), row.flag())
        let statistics = zip(row.numbers(), row.numbers()).map {
            IndexProperties.ColumnStatistics(number: $0, target: $1)
        }
        properties = IndexProperties(
            oid: oid, name: name,
            table: SQLQuoting.qualified(tableName.schema ?? "", tableName.name),
            tablespace: tablespace, isClustered: isClustered,
            isReplicaIdentity: isReplicaIdentity, statistics: statistics)
        constraint = row.oid()
        constraintName = row.text()
        constraintType = row.letter()
        let (isDeferrable, isDeferred) = (row.flag(), row.flag())
        deferral =
            (isDeferrable ? " DEFERRABLE" : "") + (isDeferred ? " INITIALLY DEFERRED" : "")
        let decompiled = row.optionalText()
        let isUnique = row.flag()
        let key = Self.names(row.numbers(), of: columns[table])
        if let decompiled {
            definition = decompiled
        } else if constraint == 0 {
            definition =
                (isUnique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ")
                + SQLQuoting.identifier(name.name) + " ON " + properties.table + " USING btree ("
                + key + ")"
        } else {
            definition =
                (constraintType == "p" ? "PRIMARY KEY (" : "UNIQUE (") + key + ")" + deferral
        }
        predicate = row.optionalText()
        options = row.array()
        parent = row.oid()
        parentName = QualifiedName(schema: row.text(), name: row.text())
        isUsable = row.flag() && row.flag()
    }

    private static func names(_ key: [Int64], of columns: [Column]) -> String {
        let names = key.compactMap { number in
            columns.first { $0.number == number }.map { SQLQuoting.identifier($0.name) }
        }
        return names.joined(separator: ", ")
    }

    /// - Parameter mayBeThere: whether an extension may have made it.
    /// - Returns: the index or the constraint.
    func object(mayBeThere: Bool) -> any CatalogObject {
        if constraint == 0 {
            return Index(
                properties: properties,
                definition: mayBeThere ? ExtensionTable.ifMissing(definition) : definition,
                predicate: predicate.map { " WHERE \($0)" } ?? "")
        }
        let isExclusion = constraintType == "x"
        let condition = isExclusion ? predicate.map { " WHERE (\($0))" } ?? "" : ""
        return IndexConstraint(
            oid: constraint, constraintName: constraintName, tableName: tableName,
            properties: properties, definition: definition, ending: condition + deferral,
            // That of an EXCLUDE is decompiled with its parameters.
            options: isExclusion ? "" : StorageOptions.list(options))
    }

    var attachment: IndexAttachment? {
        guard parent != 0 else { return nil }
        return IndexAttachment(
            index: properties.oid,
            name: ObjectName(schema: properties.name.schema, properties.name.name),
            parent: parent, parentName: parentName)
    }
}
