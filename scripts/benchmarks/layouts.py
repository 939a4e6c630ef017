"""Discovering, parsing and planning a folder of migrations in each layout, none of them applied; dbmate's also
with dbmate. The best and the median of runs that each start the program anew."""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import time

GOAL = 1.0
UP = "CREATE TABLE t{n} (id integer PRIMARY KEY, name text NOT NULL, at timestamp DEFAULT CURRENT_TIMESTAMP);\n" \
     "CREATE INDEX t{n}_name ON t{n} (name);\n"
DOWN = "DROP TABLE t{n};\n"


def day(n):
    return f"2024-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z"


def files(layout, n):
    """The files of the n-th migration, from 1."""
    up, down = UP.format(n=n), DOWN.format(n=n)
    stamp = 20240101000000 + n
    if layout == "native":
        return {f"{n:05}_t{n}.up.sql": up, f"{n:05}_t{n}.down.sql": down}
    if layout == "dbmate":
        return {f"{stamp}_t{n}.sql": f"-- migrate:up\n{up}\n-- migrate:down\n{down}"}
    if layout in ("golang-migrate", "sqlx"):
        return {f"{n}_t{n}.up.sql": up, f"{n}_t{n}.down.sql": down}
    if layout == "goose":
        return {f"{n:05}_t{n}.sql": f"-- +goose Up\n{up}\n-- +goose Down\n{down}"}
    if layout == "sql-migrate":
        return {f"{n:05}_t{n}.sql": f"-- +migrate Up\n{up}\n-- +migrate Down\n{down}"}
    if layout == "flyway":
        return {f"V{n}__t{n}.sql": up, f"U{n}__t{n}.sql": down}
    if layout == "diesel":
        return {f"{stamp}_t{n}/up.sql": up, f"{stamp}_t{n}/down.sql": down}
    if layout == "prisma":
        return {f"{stamp}_t{n}/migration.sql": up}
    return {f"deploy/t{n}.sql": f"BEGIN;\n{up}COMMIT;\n", f"revert/t{n}.sql": f"BEGIN;\n{down}COMMIT;\n",
            f"verify/t{n}.sql": f"BEGIN;\nSELECT id FROM t{n} WHERE 1 = 0;\nROLLBACK;\n"}


def timed(command, folder, variables):
    """Wall time in seconds and peak memory in MB of the children so far."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--migrate", required=True)
    parser.add_argument("--url")
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--files", type=int, default=3000, help="how many migrations")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.files} migrations, none applied, SQLite; the median of {options.times} runs\n")
    print("| layout | files | `migrate plan` | goal | |")
    print("|---|---|---|---|---|")
    plain = {"PATH": "/usr/bin:/bin"}
    for layout in ["native", "dbmate", "golang-migrate", "goose", "flyway", "sqlx", "diesel", "prisma", "sql-migrate",
                   "sqitch"]:
        folder = options.folder / layout
        count = 0
        plan = ["%project=p\n\n"]
        for n in range(1, options.files + 1):
            for name, text in files(layout, n).items():
                path = folder / "m" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                count += 1
            plan.append(f"t{n} {day(n)} Ann <ann@example.com>\n")
        if layout == "sqitch":
            (folder / "m/sqitch.plan").write_text("".join(plan))
        variables = plain | {"MIGRATE_LAYOUT": layout}
        command = [options.migrate, "--url", "sqlite:a.db", "--dir", "m", "plan", "--quiet"]
        times = [timed(command, folder, variables) for _ in range(options.times)]
        median = statistics.median(times)
        print(f"| {layout} | {count} | {median:.3f} s | {GOAL:.0f} s | {'met' if median < GOAL else 'MISSED'} |",
              flush=True)
        if layout == "dbmate":
            dbmate = ["dbmate", "--no-dump-schema", "-u", "sqlite:b.db", "-d", "m", "status"]
            other = [timed(dbmate, folder, dict(os.environ)) for _ in range(options.times)]
            print(f"| the same, `dbmate status` | {count} | {statistics.median(other):.3f} s | | |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nPeak memory of all of them: {peak:.0f} MB")


main()
