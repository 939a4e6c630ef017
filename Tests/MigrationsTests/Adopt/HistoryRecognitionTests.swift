import Migrations
import Testing

/// Whose history a table is, told by its columns.
@Suite struct HistoryRecognitionTests {
    private func table(_ columns: String) -> ForeignTable {
        ForeignTable(
            schema: nil, name: "t",
            columns: columns.split(separator: ",").map { column in
                let words = column.split(separator: " ", maxSplits: 1)
                return .init(String(words[0]), String(words.last ?? ""))
            })
    }

    private static let tables: [(columns: String, tool: HistoryTool)] = [
        ("version character varying", HistoryTool.dbmate),
        ("version varchar(128)", .dbmate), ("version text", .dbmate),
        ("version bigint,dirty boolean", .golangMigrate),
        ("version uint64,dirty bool", .golangMigrate),
        ("version bigint,inserted_at timestamp", .ecto),
        ("id integer,version_id bigint,is_applied boolean,tstamp timestamp", .goose),
        (
            "installed_rank int,version varchar(50),description varchar,type varchar,script varchar,checksum int,installed_by varchar,installed_on timestamp,execution_time int,success boolean",
            .flyway
        ),
        (
            "version bigint,description text,installed_on timestamptz,success boolean,checksum bytea,execution_time bigint",
            .sqlx
        ),
        ("version varchar(50),run_on timestamp", .diesel),
        (
            "id varchar(36),checksum varchar(64),finished_at timestamptz,migration_name varchar(255),logs text,rolled_back_at timestamptz,started_at timestamptz,applied_steps_count int",
            .prisma
        ),
        ("id text,applied_at timestamptz", .sqlMigrate),
        (
            "change_id text,script_hash text,change text,project text,note text,committed_at timestamptz,committer_name text",
            .sqitch
        ),
        ("ID varchar,AUTHOR varchar,ORDEREXECUTED int,EXECTYPE varchar,MD5SUM varchar", .liquibase),
        ("version_num varchar(32)", .alembic),
        ("id bigint,app varchar,name varchar,applied timestamptz", .django),
        (
            "version varchar,description varchar,type bigint,applied bigint,total bigint,executed_at timestamptz,error text,hash varchar,partial_hashes jsonb",
            .atlas
        ),
        ("version int4,name varchar,applied_on varchar,checksum varchar", .refinery),
        ("id int,name varchar,run_on timestamp", .nodePgMigrate),
        ("hash text,previous_hash text,filename text,date timestamptz", .graphileMigrate),
        ("id uuid,name text,batch bigint,created_at timestamptz,updated_at timestamptz", .fluent),
    ]

    @Test(arguments: tables)
    func `a table is recognised by its columns`(known: (columns: String, tool: HistoryTool)) {
        #expect(HistoryTool.recognise(table(known.columns)) == known.tool)
    }

    @Test func `what Rails keeps beside its history tells it from dbmate's`() {
        let versions = table("version character varying")
        #expect(HistoryTool.recognise(versions, neighbours: ["schema_migrations"]) == .dbmate)
        #expect(
            HistoryTool.recognise(
                versions, neighbours: ["schema_migrations", "ar_internal_metadata"]) == .rails)
    }

    @Test(
        arguments: [
            "version text,name text,checksum text,content_digest text,statements_done int,state text",
            "version bigint", "version text,note text", "id int,name text",
            "change text,project text",
        ])
    func `our own table and tables of nobody are not another tool's`(columns: String) {
        #expect(HistoryTool.recognise(table(columns)) == nil)
    }
}
