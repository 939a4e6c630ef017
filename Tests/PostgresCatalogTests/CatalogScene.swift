import Database
import PostgresCatalog
import PostgresDriver
import TestSupport
import Testing

/// Roles, a database to read and one to restore into, for one test.
///
/// In the SQL of a test a role is written in braces, as `{app}`; it has another name in every test,
/// with characters that need care where `isOdd`.
final class CatalogScene {
    private let roles: [String: String]
    private var sourceDatabase: TestDatabase?
    private var targetDatabase: TestDatabase?
    let source: PostgresConnection
    let target: PostgresConnection

    init(roles names: [String] = [], isOdd: Bool = false) throws {
        let suffix = isOdd ? " \"=/\\,{}é" : ""
        roles = Dictionary(
            uniqueKeysWithValues: names.map { ($0, PostgresServer.uniqueName($0) + suffix) })
        let admin = try PostgresServer.connect()
        for role in roles.values { try admin.query("CREATE ROLE \(Self.quoted(role))") }
        let databases = (
            try TestDatabase(options: "TEMPLATE template0"),
            try TestDatabase(options: "TEMPLATE template0")
        )
        (sourceDatabase, targetDatabase) = databases
        source = try databases.0.connect()
        target = try databases.1.connect()
    }

    deinit {
        // The databases first: what is in them needs the roles.
        source.close()
        target.close()
        sourceDatabase = nil
        targetDatabase = nil
        do {
            let admin = try PostgresServer.connect()
            for role in roles.values { try admin.query("DROP ROLE \(Self.quoted(role))") }
        } catch {
            Issue.record("a role could not be dropped: \(error)")
        }
    }

    /// The name of a role, unquoted.
    func name(_ role: String) -> String { roles[role] ?? role }

    /// SQL with the names of the roles and of the database in it.
    func filled(_ sql: String) -> String {
        roles.reduce(sql) { sql, role in
            sql.replacing("{\(role.key)}", with: Self.quoted(role.value))
        }
    }

    /// Runs statements, each a step, where they are read later.
    func prepare(_ statements: [String]) throws {
        for statement in statements {
            do {
                try source.query(filled(statement))
            } catch {
                Issue.record("\(statement): \(error)")
                throw error
            }
        }
    }

    /// Restores the source into the target, and expects the same model and the same catalogs.
    @discardableResult
    func roundTrip(sourceLocation: SourceLocation = #_sourceLocation) throws -> SchemaModel {
        let model = try readSchema(source)
        try restore(model)
        let again = try readSchema(target)
        #expect(again.entries == model.entries, sourceLocation: sourceLocation)
        try source.query("SET search_path = ''")
        for query in CatalogFacts.queries {
            let before = try Self.texts(query, source)
            let after = try Self.texts(query, target)
            #expect(before.subtracting(after).sorted() == [], sourceLocation: sourceLocation)
            #expect(after.subtracting(before).sorted() == [], sourceLocation: sourceLocation)
        }
        return model
    }

    /// Runs the statements of a model on the target.
    func restore(_ model: SchemaModel) throws {
        try target.query("SET search_path = ''; ")
        try target.query("SET check_function_bodies = off")
        let final = model.entries.filter { $0.section == .final }
        let others = model.entries.filter { $0.section != .final }
        for statement in others.flatMap(\.statements) + model.entries.flatMap(\.privileges)
            + final.flatMap(\.statements)
        {
            do {
                try target.query(statement.sql)
            } catch {
                Issue.record("\(statement.sql): \(error)")
                throw error
            }
        }
    }

    /// The rows of a query as texts.
    static func texts(_ query: String, _ connection: PostgresConnection) throws -> Set<String> {
        // TOAST tables and the triggers of constraints have OIDs in their names.
        let names = /(pg_toast|RI_ConstraintTrigger_.|Unique_ConstraintTrigger)_\d+/
        return Set(
            try connection.query(query).rows.map { row in
                (row[0].string ?? "NULL").replacing(names, with: { $0.output.1 })
            })
    }

    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}

/// What two databases with the same objects have in common, asked without the code under test: the
/// rows of the catalogs without what is an OID, and who depends on whom.
enum CatalogFacts {
    static let queries: [String] =
        catalogs.map(rows) + [dependencies, comments, columns, indexes, parents, sequences]

    private static let catalogs = [
        "pg_am", "pg_amop", "pg_amproc", "pg_cast", "pg_class", "pg_collation", "pg_constraint",
        "pg_attrdef", "pg_conversion", "pg_event_trigger", "pg_foreign_data_wrapper",
        "pg_foreign_server", "pg_language", "pg_namespace", "pg_opclass", "pg_operator",
        "pg_opfamily", "pg_policy", "pg_proc", "pg_publication", "pg_publication_rel",
        "pg_rewrite", "pg_statistic_ext", "pg_transform", "pg_trigger", "pg_ts_config",
        "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "pg_type",
    ]

    /// Every row that users can have changed, as JSON.
    private static func rows(_ catalog: String) -> String {
        """
        SELECT pg_catalog.pg_describe_object(c.tableoid, c.oid, 0) || ': ' || (
          SELECT pg_catalog.jsonb_object_agg(f.key, f.value)
          FROM pg_catalog.jsonb_each(pg_catalog.to_jsonb(c)) f
          WHERE f.key !~ '^(reltuples|relpages|relfrozenxid|relminmxid|relfilenode|typdefaultbin)'
            AND f.key !~ '^(prosqlbody|conbin|proargdefaults|adbin|ev_|polqual|polwithcheck)'
            AND f.key !~ '^(relchecks|relnatts|relpartbound|connoinherit|conkey|confkey|stxexprs|stxkeys|prqual|prattrs|tgqual|tgattr|tgargs|tgname)'
            AND f.key NOT IN (SELECT a.attname FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = c.tableoid AND a.attname !~ 'owner$|dba$' AND t.typname IN
                ('oid', '_oid', 'oidvector'))
            OR f.key ~ 'owner$')::text
        FROM pg_catalog.\(catalog) c WHERE c.oid >= 16384 OR c.tableoid = 2615 AND c.oid = 2200
        """
    }

    private static let columns = """
        SELECT a.attrelid::regclass::text || ' ' || a.attname || ': ' || pg_catalog.jsonb_build_object(
          'place', row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
          'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'target', a.attstattarget,
          'storage', a.attstorage, 'compression', a.attcompression, 'notnull', a.attnotnull,
          'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity,
          'generated', a.attgenerated, 'local', a.attislocal, 'inherited', a.attinhcount,
          'collation', a.attcollation::regcollation::text, 'acl', a.attacl::text,
          'options', a.attoptions::text, 'foreign', (SELECT pg_catalog.array_agg(o ORDER BY o) FROM pg_catalog.unnest(a.attfdwoptions) o))::text
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 't'
        """

    private static let indexes = """
        SELECT pg_catalog.pg_get_indexdef(i.indexrelid) || ' ' || pg_catalog.jsonb_build_object(
          'primary', i.indisprimary, 'immediate', i.indimmediate, 'valid', i.indisvalid,
          'clustered', i.indisclustered, 'identity', i.indisreplident)::text
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
        WHERE i.indrelid >= 16384 AND c.relkind <> 't'
        """

    private static let parents = """
        SELECT inhrelid::regclass::text || ' ' || inhparent::regclass::text || ' ' || inhseqno
        FROM pg_catalog.pg_inherits
        """

    private static let sequences = """
        SELECT seqrelid::regclass::text || (pg_catalog.to_jsonb(s) - 'seqrelid')::text
          FROM (SELECT * FROM pg_catalog.pg_sequence) s
        """

    private static let dependencies = """
        SELECT pg_catalog.pg_describe_object(classid, objid, objsubid) || ' -> '
          || pg_catalog.pg_describe_object(refclassid, refobjid, refobjsubid) || ' ' || deptype::text
        FROM pg_catalog.pg_depend WHERE objid >= 16384 AND deptype <> 'p'
        """

    private static let comments = """
        SELECT pg_catalog.pg_describe_object(classoid, objoid, objsubid) || ': ' || description
        FROM pg_catalog.pg_description WHERE objoid >= 16384 OR classoid IN (2615, 2613)
        """
}
