"""Taking and restoring snapshots with migrate and with pg_dump and pg_restore, in turn.

Prints one row a work: the median wall time of both, the ratio, and the goal. Both use the same
number of jobs on the same database; pg_dump writes its directory format with its own compression.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
from pathlib import Path

from measure import Run, pairs, row

# Rows as a shop has them, some 210 bytes each: the compression must not be flattered.
ORDERS = """
CREATE TABLE orders (
    id uuid PRIMARY KEY, customer integer NOT NULL, amount numeric(12, 2) NOT NULL,
    note text, details jsonb NOT NULL, placed timestamptz NOT NULL);
INSERT INTO orders
SELECT gen_random_uuid(), (random() * 100000)::int, (random() * 100000)::numeric(12, 2),
    md5(random()::text) || repeat(chr(97 + i % 26), i % 40),
    jsonb_build_object('sku', md5((i % 5000)::text), 'count', i % 9, 'gift', i % 7 = 0),
    timestamptz '2026-01-01' + i * interval '13 seconds'
FROM generate_series(1, {rows}) i;
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_placed ON orders (placed);
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, picture bytea);
INSERT INTO customers
SELECT i, md5(i::text), decode(repeat(md5(random()::text), 8), 'hex')
FROM generate_series(1, {rows} / 15) i;
VACUUM ANALYZE;
"""


class Snapshots:
    def __init__(self, options):
        self.migrate = options.migrate
        self.url = options.url
        self.folder = Path(options.folder)
        self.quick = options.quick
        self.jobs = str(os.cpu_count())
        self.repository = self.folder / "repository"
        self.dump = self.folder / "dump"

    def address(self, database):
        return self.url.rsplit("/", 1)[0] + "/" + database

    def sql(self, database, sql):
        subprocess.run(
            ["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.address(database)], input=sql, text=True,
            check=True)

    def fresh(self, database):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE);")

    # The works, each a Run

    def create(self, database, repository, *words):
        return Run(
            [self.migrate, "snapshot", "create", "--url", self.address(database), "--repository",
             str(repository), "--jobs", self.jobs, "--quiet", *words], self.folder)

    def pg_dump(self, database, *words):
        shutil.rmtree(self.dump, ignore_errors=True)
        return Run(
            ["pg_dump", "-Fd", "-j", self.jobs, "-f", str(self.dump), *words,
             self.address(database)], self.folder)

    def floor(self, database):
        """The same rows through plain COPY, two tables at once, thrown away."""
        copies = " & ".join(
            f"psql -qX '{self.address(database)}' -c 'COPY {table} TO STDOUT' >/dev/null"
            for table in ("orders", "customers"))
        return Run(["sh", "-c", f"{copies} & wait"], self.folder)

    def restore(self, *words):
        self.fresh("bench_ours")
        return Run(
            [self.migrate, "restore", "latest", "--into", self.address("bench_ours"),
             "--repository", str(self.repository), "--jobs", self.jobs, "--yes", "--quiet", *words],
            self.folder)

    def pg_restore(self):
        self.fresh("bench_theirs")
        self.sql("postgres", "CREATE DATABASE bench_theirs TEMPLATE template0;")
        return Run(
            ["pg_restore", "-j", self.jobs, "-d", self.address("bench_theirs"), str(self.dump)],
            self.folder)

    def run(self):
        versions = [
            subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
            for name in (self.migrate, "pg_dump")]
        print(f"{versions[0].stdout.strip()} against {versions[1].stdout.strip()}; "
              f"{os.cpu_count()} processors and jobs; median of pairs run in turn\n")
        print("| work | migrate | PostgreSQL's tools | ratio | goal | |")
        print("|---|---|---|---|---|---|")
        times = 1 if self.quick else 3
        self.sql("postgres", "CREATE DATABASE bench;")
        self.sql("bench", ORDERS.format(rows=150_000 if self.quick else 1_500_000))

        def anew():
            shutil.rmtree(self.repository, ignore_errors=True)
            return self.create("bench", self.repository)

        ours, _ = pairs("snapshot, against `pg_dump -Fd`", times, anew,
                        lambda: self.pg_dump("bench"), 0.33)
        sizes = [sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
                 for folder in (self.repository, self.dump)]
        row("its size", f"{sizes[0] / 1e6:.0f} MB", f"{sizes[1] / 1e6:.0f} MB",
            sizes[0] / sizes[1], 1.0)
        peak = max(run.peak for run in ours)
        row("its memory, against 200 MB", f"{peak / 1e6:.0f} MB", "200 MB", peak / 200e6, 1.0)
        pairs("snapshot, against COPY thrown away", times, anew, lambda: self.floor("bench"), 1.3)
        ours, _ = pairs("restore with proof, against `pg_restore`", times, self.restore,
                        self.pg_restore, 1.0)
        peak = max(run.peak for run in ours)
        row("its memory, against 200 MB", f"{peak / 1e6:.0f} MB", "200 MB", peak / 200e6, 1.0)
        pairs("restore without proof, against `pg_restore`", times,
              lambda: self.restore("--no-proof"), self.pg_restore, 0.8)
        self.second()
        self.many_tables(times)

    def second(self):
        """A second snapshot after one page in a hundred changed."""
        self.sql("bench", """
            UPDATE orders SET amount = amount + 1
            WHERE (ctid::text::point)[0]::bigint / 1 < (
                SELECT relpages / 100 FROM pg_class WHERE relname = 'orders');
            """)
        output = subprocess.run(
            [self.migrate, "snapshot", "create", "--url", self.address("bench"), "--repository",
             str(self.repository), "--jobs", self.jobs, "--json"], capture_output=True, text=True,
            check=True)
        facts = json.loads(output.stdout)["snapshot"]
        row("new bytes of a second snapshot, 1 % of the pages changed",
            f"{facts['new_bytes'] / 1e6:.1f} MB", f"{facts['stored_bytes'] / 1e6:.1f} MB",
            facts["new_bytes"] / facts["stored_bytes"], 0.02)

    def many_tables(self, times):
        count = 1_000 if self.quick else 10_000
        self.sql("postgres", "CREATE DATABASE bench_many;")
        for start in range(0, count, 500):
            self.sql("bench_many", "".join(
                f"CREATE TABLE t{i} (id integer PRIMARY KEY, v text); CREATE INDEX ON t{i} (v);\n"
                for i in range(start, start + 500)))
        repository = self.folder / "repository-many"

        def ours():
            shutil.rmtree(repository, ignore_errors=True)
            return self.create("bench_many", repository, "--schema-only")

        def theirs():
            return Run(["pg_dump", "-s", "-f", os.devnull, self.address("bench_many")],
                       self.folder)

        pairs(f"schema of {count:,} tables, against `pg_dump -s`", times, ours, theirs, 0.5)


parser = argparse.ArgumentParser()
parser.add_argument("--migrate", required=True)
parser.add_argument("--url", required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--quick", action="store_true")
Snapshots(parser.parse_args()).run()
