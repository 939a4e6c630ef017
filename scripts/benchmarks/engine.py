"""Running migrations with migrate and with dbmate, in turn, on the same server and disk.

Prints one row a work: the median wall time of both, the ratio, and the goal.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import threading
import urllib.parse
from pathlib import Path

from measure import Run, pairs


class DelayProxy:
    """Forwards to a server, each direction later by `delay` seconds; a thread of its own."""

    def __init__(self, port, delay):
        self.target = port
        self.delay = delay
        self.port = None
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started):
        async def serve():
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            await server.serve_forever()

        asyncio.run(serve())

    async def _accept(self, reader, writer):
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(
            self._pump(reader, other_writer), self._pump(other_reader, writer),
            return_exceptions=True)

    async def _pump(self, reader, writer):
        loop = asyncio.get_running_loop()
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        task = asyncio.create_task(deliver())
        while True:
            data = await reader.read(65536)
            queue.put_nowait((loop.time() + self.delay, data))
            if not data:
                break
        await task


def write_migrations(folder, count):
    """The same migrations for both: a table and an index each."""
    ours, theirs = folder / "ours", folder / "theirs"
    ours.mkdir(parents=True)
    theirs.mkdir(parents=True)
    for number in range(1, count + 1):
        up = (f"CREATE TABLE table_{number} (id integer PRIMARY KEY, name text NOT NULL, "
              f"amount integer);\nCREATE INDEX table_{number}_name ON table_{number} (name);\n")
        down = f"DROP TABLE table_{number};\n"
        stem = f"{number:06d}_create_table_{number}"
        (ours / f"{stem}.up.sql").write_text(up)
        (ours / f"{stem}.down.sql").write_text(down)
        (theirs / f"{stem}.sql").write_text(f"-- migrate:up\n{up}\n-- migrate:down\n{down}")
    return ours, theirs


class Engine:
    def __init__(self, options):
        self.migrate = options.migrate
        self.url = options.url
        self.folder = Path(options.folder)
        self.quick = options.quick
        self.databases = 0
        self.rows = []

    # Commands

    def ours(self, url, folder, *words):
        return [self.migrate, *(words or ("up",)), "--url", url, "--dir", str(folder), "--quiet"]

    def theirs(self, url, folder, *words):
        return ["dbmate", "--no-dump-schema", "-u", url, "-d", str(folder), *(words or ("up",))]

    def database(self):
        self.databases += 1
        name = f"bench_{self.databases}"
        subprocess.run(["psql", "-qX", self.url, "-c", f"CREATE DATABASE {name}"], check=True)
        # dbmate refuses a server without TLS unless it is told; both get the same address.
        return self.url.rsplit("/", 1)[0] + "/" + name + "?sslmode=disable"

    def drop(self, url):
        name = url.rsplit("/", 1)[1].removesuffix("?sslmode=disable")
        subprocess.run(["psql", "-qX", self.url, "-c", f"DROP DATABASE {name}"], check=True)

    def times(self, count):
        return max(1, count // 4) if self.quick else count

    def run(self):
        version = subprocess.run(
            [self.migrate, "--version"], capture_output=True, text=True, check=True)
        other = subprocess.run(["dbmate", "--version"], capture_output=True, text=True, check=True)
        print(f"{version.stdout.strip()} against {other.stdout.strip()}; "
              f"{os.cpu_count()} processors; median of pairs run in turn\n")
        print("| work | migrate | dbmate | ratio | goal | |")
        print("|---|---|---|---|---|---|")
        twenty = write_migrations(self.folder / "20", 20)
        many = write_migrations(self.folder / "1000", 1000)
        some = write_migrations(self.folder / "200", 200)
        port = urllib.parse.urlsplit(self.url).port
        proxy = DelayProxy(port, 0.005)
        self.nothing_to_do("`up`, nothing to do, 20 applied", twenty, lambda url: url, 40, 1.0, 0.9)
        self.fresh("1,000 migrations", many, lambda url: url, 4, 0.95)
        far = lambda url: url.replace(f":{port}/", f":{proxy.port}/")
        self.fresh("200 migrations, 10 ms away", some, far, 2, 0.25)
        self.nothing_to_do("`up`, nothing to do, 10 ms away", twenty, far, 12, 0.6, None)
        self.sqlite(many)
        self.status()

    def nothing_to_do(self, name, folders, way, times, goal, cpu_goal):
        first, second = self.database(), self.database()
        Run(self.ours(first, folders[0]), self.folder)
        Run(self.theirs(second, folders[1]), self.folder)
        pairs(
            name, self.times(times),
            lambda: Run(self.ours(way(first), folders[0]), self.folder),
            lambda: Run(self.theirs(way(second), folders[1]), self.folder), goal, cpu_goal)
        self.drop(first)
        self.drop(second)

    def fresh(self, name, folders, way, times, goal):
        def once(command, folder):
            url = self.database()
            run = Run(command(way(url), folder), self.folder)
            self.drop(url)
            return run

        pairs(
            name, self.times(times), lambda: once(self.ours, folders[0]),
            lambda: once(self.theirs, folders[1]), goal)

    def sqlite(self, folders):
        def once(command, scheme, folder):
            path = self.folder / "bench.db"
            path.unlink(missing_ok=True)
            return Run(command(f"{scheme}:{path}", folder), self.folder)

        pairs(
            "1,000 migrations, SQLite", self.times(6),
            lambda: once(self.ours, "sqlite", folders[0]),
            lambda: once(self.theirs, "sqlite", folders[1]), 1.0)

    def status(self):
        """Memory and time of `status` with all applied; ours only, against itself."""
        medians = {}
        peaks = {}
        for count in (1000, 10000):
            folders = write_migrations(self.folder / f"status-{count}", count)
            url = f"sqlite:{self.folder}/status-{count}.db"
            subprocess.run(["sqlite3", url.removeprefix("sqlite:"), "CREATE TABLE x (y)"],
                           check=True)
            Run(self.ours(url, folders[0], "baseline", f"{count:06d}"), self.folder)
            runs = [Run(self.ours(url, folders[0], "status"), self.folder)
                    for _ in range(self.times(8))]
            medians[count] = statistics.median(r.wall for r in runs)
            peaks[count] = max(r.peak for r in runs)
        ratio = medians[10000] / medians[1000]
        print(f"\n`status`, all applied: 1,000 files {medians[1000]:.3f} s and "
              f"{peaks[1000] / 1e6:.0f} MB; 10,000 files {medians[10000]:.3f} s and "
              f"{peaks[10000] / 1e6:.0f} MB: {ratio:.1f} times the time for 10 times the files "
              f"({'met' if ratio <= 12 and peaks[10000] < 100e6 else 'MISSED'}; "
              "goal: linear, under 100 MB)")


parser = argparse.ArgumentParser()
parser.add_argument("--migrate", required=True)
parser.add_argument("--url", required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--quick", action="store_true")
Engine(parser.parse_args()).run()
