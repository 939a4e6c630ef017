"""Taking and restoring snapshots with migrate and with the tools that people have now, in turn.

Prints one row a work: the median wall time of both, the median of the ratios of the pairs, the goal,
then processor seconds and memory of program + server for both, and how many processors were busy
with something else meanwhile. Both use the same number of jobs on the same database.

Parts: rows (a shop of --data megabytes), tables (10,000 empty tables), sqlite (the shop as a file).
"""

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

import shop
from measure import Run, Server, pairs, row

MEMORY_GOAL = 200e6


def size(path):
    """Bytes of a file, or of all files in a folder."""
    path = Path(path)
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files)


class Benchmark:
    def __init__(self, options):
        self.migrate = options.migrate
        self.url = options.url
        self.folder = Path(options.folder)
        self.jobs = str(options.jobs or os.cpu_count())
        self.times = options.times or (1 if options.quick else 3)
        self.megabytes = options.data or (60 if options.quick else 1000)
        self.tables = 1_000 if options.quick else 10_000
        self.server = Server(self.url)
        self.repository = self.folder / "repository"
        self.dump = self.folder / "dump"
        self.made = []

    # What the works are made of

    def address(self, database):
        return self.url.rsplit("/", 1)[0] + "/" + database

    def sql(self, database, sql):
        result = subprocess.run(
            ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", self.address(database)],
            input="SET client_min_messages = warning;\n" + sql, text=True, check=True,
            stdout=subprocess.PIPE)
        return result.stdout.strip()

    def run_command(self, *command):
        return Run([str(word) for word in command], self.folder, self.server)

    def pairs(self, name, ours, theirs, goal):
        return pairs(name, self.times, ours, theirs, goal, server=self.server)

    def fresh(self, name):
        """The name of a database that is not there, with everything written that was dirty, so that
        nobody pays for another's work. A name is not used again: where thousands of files were just
        deleted, some file systems take long to make new ones."""
        self.made.append(f"bench_{name}_{len(self.made)}")
        self.sql("postgres", "CHECKPOINT;")
        return self.made[-1]

    def drop_made(self):
        for name in self.made:
            self.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE);")

    def create(self, database, repository, *words):
        return self.run_command(
            self.migrate, "snapshot", "create", "--url", self.address(database), "--repository",
            repository, "--jobs", self.jobs, "--quiet", *words)

    def create_anew(self, database, *words):
        shutil.rmtree(self.repository, ignore_errors=True)
        self.sql("postgres", "CHECKPOINT;")
        return self.create(database, self.repository, *words)

    def pg_dump(self, database, *words):
        shutil.rmtree(self.dump, ignore_errors=True)
        self.sql("postgres", "CHECKPOINT;")
        return self.run_command(
            "pg_dump", "-Fd", "-j", self.jobs, "-f", self.dump, *words, self.address(database))

    def restore(self, *words):
        return self.run_command(
            self.migrate, "restore", "latest", "--into", self.address(self.fresh("ours")),
            "--repository", self.repository, "--jobs", self.jobs, "--yes", "--quiet", *words)

    def pg_restore(self, *words):
        return self.run_command(
            "pg_restore", "-j", self.jobs, "-d", self.address(self.created("theirs")), *words,
            self.dump)

    def created(self, name):
        """The name of an empty database."""
        database = self.fresh(name)
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE template0;\nCHECKPOINT;")
        return database

    def memory(self, name, runs):
        peak = max(run.peak for run in runs)
        row(f"{name}: memory of the program", f"{peak / 1e6:.0f} MB",
            f"{MEMORY_GOAL / 1e6:.0f} MB", peak / MEMORY_GOAL, 1.0)

    def new_bytes(self, url, *words):
        """Takes another snapshot; what it stored anew, and the whole."""
        run = self.run_command(
            self.migrate, "snapshot", "create", "--url", url, "--repository", self.repository,
            "--json", *words)
        facts = json.loads(run.output[run.output.index(b"{"):])["snapshot"]
        return facts["new_bytes"], facts["stored_bytes"]

    def head(self, title):
        print(f"\n### {title}\n")
        print("| work | migrate | other | ratio | goal | | processor: migrate | other | "
              "memory: migrate | other | load |")
        print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)

    # The parts

    def rows(self):
        # One that is there already is taken as it is.
        if not self.sql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'bench';"):
            self.sql("postgres", "CREATE DATABASE bench;")
            shop.fill(self.address("bench"), self.megabytes, os.cpu_count())
        facts = self.sql("bench", """
            SELECT pg_size_pretty(pg_database_size(current_database())) || ', '
            || (SELECT sum(reltuples)::int8 FROM pg_class WHERE relkind = 'r') || ' rows in '
            || (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384) || ' tables, '
            || (SELECT round(100 * pg_table_size('orders') / sum(pg_table_size(oid)))
                FROM pg_class WHERE relkind = 'r' AND oid >= 16384) || ' % in one';
            """)
        self.head(f"Rows: {facts}")
        ours, _ = self.pairs("snapshot, against `pg_dump -Fd -j`",
                             lambda: self.create_anew("bench"), lambda: self.pg_dump("bench"), 0.33)
        self.memory("snapshot", ours)
        sizes = size(self.repository), size(self.dump)
        row("its size", f"{sizes[0] / 1e6:.0f} MB", f"{sizes[1] / 1e6:.0f} MB",
            sizes[0] / sizes[1], 1.0)
        self.pairs("snapshot, against COPY of each table, thrown away",
                   lambda: self.create_anew("bench"), self.copy_tables, 1.3)
        self.pairs("snapshot, against COPY in ranges of pages, thrown away",
                   lambda: self.create_anew("bench"), self.copy_ranges, None)
        ours, _ = self.pairs("restore with proof, against `pg_restore -j`", self.restore,
                             self.pg_restore, 1.0)
        self.memory("restore", ours)
        self.pairs("restore without proof, against `pg_restore -j`",
                   lambda: self.restore("--no-proof"), self.pg_restore, 0.8)
        if shutil.which("pgcopydb"):
            self.pairs("snapshot and restore without proof, against `pgcopydb clone`",
                       self.both, self.pgcopydb, None)
        self.many_jobs()
        self.second()

    def copy_tables(self):
        """The rows through plain COPY, a table at a time in each session: the largest in the first,
        which is then the last to end, and the others in the rest."""
        names = self.sql("bench", """
            SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            ORDER BY pg_table_size(oid) DESC;""").split()
        copies = [f"COPY {name} TO STDOUT;" for name in names]
        others = max(1, int(self.jobs) - 1)
        return self.copy([copies[:1]] + [copies[1 + number::others] for number in range(others)])

    def copy_ranges(self):
        """The same with large tables cut, so that all sessions are busy to the end."""
        copies = self.sql("bench", """
            SELECT CASE WHEN relpages < 384 THEN format('COPY %I TO STDOUT;', relname)
            ELSE format('COPY (SELECT * FROM %I WHERE ctid >= ''(%s,0)'' AND ctid < ''(%s,0)'') TO STDOUT;',
                relname, start, start + 384) END
            FROM pg_class, generate_series(0, greatest(relpages - 1, 0), 384) start
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND (relpages >= 384 OR start = 0) ORDER BY relpages DESC, start;
            """).splitlines()
        return self.copy([copies[number::int(self.jobs)] for number in range(int(self.jobs))])

    def copy(self, shares):
        """Runs lists of statements, each in a session of its own, and throws the rows away."""
        sessions = []
        for number, share in enumerate(shares):
            file = self.folder / f"copy-{number}.sql"
            file.write_text("\n".join(share))
            sessions.append(f"psql -qX '{self.address('bench')}' -f {file} >/dev/null")
        return self.run_command("sh", "-c", f"{' & '.join(sessions)} & wait")

    def both(self):
        shutil.rmtree(self.repository, ignore_errors=True)
        options = f"--repository {self.repository} --jobs {self.jobs} --quiet"
        return self.run_command(
            "sh", "-ec",
            f"{self.migrate} snapshot create --url {self.address('bench')} {options}; "
            f"{self.migrate} restore latest --into {self.address(self.fresh('ours'))} {options} --yes "
            "--no-proof")

    def pgcopydb(self):
        work = self.folder / "pgcopydb"
        shutil.rmtree(work, ignore_errors=True)
        return self.run_command(
            "pgcopydb", "clone", "--source", self.address("bench"), "--target",
            self.address(self.created("theirs")), "--dir", work, "--table-jobs", self.jobs, "--index-jobs",
            self.jobs, "--split-tables-larger-than", "200 MB")

    def many_jobs(self):
        """Memory where there are many more sessions than processors."""
        shutil.rmtree(self.repository, ignore_errors=True)
        runs = [self.run_command(
            self.migrate, "snapshot", "create", "--url", self.address("bench"), "--repository",
            self.repository, "--jobs", "16", "--quiet")]
        self.memory("snapshot with 16 jobs", runs)
        runs = [self.run_command(
            self.migrate, "restore", "latest", "--into", self.address(self.fresh("ours")),
            "--repository", self.repository, "--jobs", "16", "--yes", "--quiet")]
        self.memory("restore with 16 jobs", runs)

    def second(self):
        """Further snapshots of the largest table after one page in a hundred has changed, one page
        after the other, and after an UPDATE whose new versions of rows went to other pages."""
        pages = int(self.sql("bench", "SELECT relpages FROM pg_class WHERE relname = 'orders';"))
        first, some = pages // 2, max(1, pages // 100)
        self.sql("bench", f"""
            UPDATE orders SET amount = amount + 1 WHERE ctid = ANY (ARRAY(
                SELECT format('(%s,1)', page)::tid FROM generate_series({first}, {first + some - 1}) page));
            """)
        moved = self.sql("bench", f"""
            SELECT count(*) FROM orders WHERE xmin = (SELECT max(xmin::text::int8) FROM orders)::text::xid
            AND NOT (ctid >= '({first},0)' AND ctid < '({first + some},0)');""")
        self.stored_anew(f"1 % of {pages} pages changed, {moved} rows elsewhere", 0.02)
        self.sql("bench", f"""
            UPDATE orders SET amount = amount + 1 WHERE ctid >= '(0,0)' AND ctid < '({some // 2},0)';
            """)
        self.stored_anew("all rows on 0.5 % of the pages updated", None)

    def stored_anew(self, change, goal):
        new, all_bytes = self.new_bytes(self.address("bench"), "--jobs", self.jobs)
        row(f"new bytes of another snapshot, {change}", f"{new / 1e6:.1f} MB",
            f"{all_bytes / 1e6:.1f} MB", new / all_bytes, goal)

    def many_tables(self):
        self.sql("postgres", "CREATE DATABASE bench_many;")
        for start in range(0, self.tables, 500):
            self.sql("bench_many", "".join(
                f"CREATE TABLE t{i} (id integer PRIMARY KEY, v text); CREATE INDEX ON t{i} (v);\n"
                for i in range(start, start + 500)))
        # As autovacuum would; both sides read the same catalogs.
        self.sql("bench_many", "VACUUM (ANALYZE);")
        self.head(f"{self.tables:,} empty tables, each with a key and an index")
        ours, _ = self.pairs(
            "schema, against `pg_dump -s`",
            lambda: self.create_anew("bench_many", "--schema-only"),
            lambda: self.run_command(
                "pg_dump", "-s", "-f", os.devnull, self.address("bench_many")), 0.5)
        self.memory("schema", ours)
        self.pairs(
            "schema, against `pg_dump -s -Fd`", lambda: self.create_anew("bench_many", "--schema-only"),
            lambda: self.pg_dump("bench_many", "-s", "-j", "1"), None)
        ours, _ = self.pairs(
            "restore of the schema with proof, against `pg_restore -j`", self.restore,
            self.pg_restore, 1.0)
        self.memory("restore of the schema", ours)
        runs = [self.create_anew("bench_many")]
        self.memory(f"snapshot of all, {runs[0].wall:.1f} s", runs)

    def sqlite(self):
        file = self.folder / "shop.db"
        shop.fill_sqlite(file, self.megabytes, os.cpu_count())
        self.head(f"SQLite: a file of {size(file) / 1e6:.0f} MB")
        copy = self.folder / "copy.db"

        def ours():
            shutil.rmtree(self.repository, ignore_errors=True)
            return self.run_command(
                self.migrate, "snapshot", "create", "--url", f"sqlite:{file}", "--repository",
                self.repository, "--quiet")

        def theirs(command):
            def run():
                for name in self.folder.glob("copy.db*"):
                    name.unlink()
                return self.run_command("sh", "-ec", command)
            return run

        backup = theirs(f"sqlite3 {file} '.backup {copy}'; gzip {copy}")
        taken, _ = self.pairs("snapshot, against `.backup` and gzip", ours, backup, None)
        self.memory("snapshot", taken)
        sizes = size(self.repository), sum(size(name) for name in self.folder.glob("copy.db*"))
        row("its size, against gzip", f"{sizes[0] / 1e6:.0f} MB", f"{sizes[1] / 1e6:.0f} MB",
            sizes[0] / sizes[1], 1.0)
        vacuum = theirs(f"sqlite3 {file} \"VACUUM INTO '{copy}'\"; zstd -q -1 --rm {copy}")
        self.pairs("snapshot, against `VACUUM INTO` and `zstd -1`", ours, vacuum, None)
        sizes = size(self.repository), sum(size(name) for name in self.folder.glob("copy.db*"))
        row("its size, against zstd", f"{sizes[0] / 1e6:.0f} MB", f"{sizes[1] / 1e6:.0f} MB",
            sizes[0] / sizes[1], None)
        into = self.folder / "restored.db"

        def restore():
            into.unlink(missing_ok=True)
            return self.run_command(
                self.migrate, "restore", "latest", "--into", f"sqlite:{into}", "--repository",
                self.repository, "--yes", "--quiet")

        def unpack():
            into.unlink(missing_ok=True)
            return self.run_command("sh", "-ec", f"zstd -q -d {copy}.zst -o {into}; sync {into}")

        taken, _ = self.pairs("restore, against `zstd -d`", restore, unpack, None)
        self.memory("restore", taken)
        # One page in a hundred, one after the other as new rows are.
        subprocess.run(
            ["sqlite3", str(file), "UPDATE orders SET amount = 1 WHERE id <= "
             "(SELECT max(id) / 125 FROM orders)"], check=True)
        new, all_bytes = self.new_bytes(f"sqlite:{file}")
        row("new bytes of a second snapshot, 1 % of the largest table changed",
            f"{new / 1e6:.1f} MB", f"{all_bytes / 1e6:.1f} MB", new / all_bytes, 0.02)

    def run(self, parts):
        versions = [
            subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
            .stdout.strip() for name in (self.migrate, "pg_dump")]
        print(f"{versions[0]} against {versions[1]}; {os.cpu_count()} processors, {self.jobs} jobs; "
              f"{self.times} pairs run in turn")
        for name, part in (("rows", self.rows), ("tables", self.many_tables),
                           ("sqlite", self.sqlite)):
            if name in parts:
                part()
                self.drop_made()
                shutil.rmtree(self.repository, ignore_errors=True)


parser = argparse.ArgumentParser()
parser.add_argument("--migrate", required=True)
parser.add_argument("--url", required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--quick", action="store_true", help="a small database, once")
parser.add_argument("--part", action="append", choices=("rows", "tables", "sqlite"))
parser.add_argument("--data", type=int, metavar="MB")
parser.add_argument("--jobs", type=int)
parser.add_argument("--times", type=int, help="how many pairs; 3 unless told")
options = parser.parse_args()
Benchmark(options).run(options.part or ("rows", "tables", "sqlite"))
