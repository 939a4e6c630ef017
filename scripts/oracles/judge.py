#!/usr/bin/env python3
"""Says whether a restored database is what pg_dump and psql would have made of its source.

    judge.py REFERENCE CANDIDATE [--show N] [--besides PATTERN]

REFERENCE is the source, dumped by pg_dump and restored by psql. Three views of both must be equal:
what pg_dump writes of them, with the rows inside COPY sorted; every row of every system catalog,
with names in the place of OIDs; and the rows of every table, the state of every sequence, the bytes
of every large object. Exit status 0 when they are. The server is named by the PG… variables.
Catalog rows that match PATTERN may be in CANDIDATE alone: what pg_dump loses and we do not.
"""

import argparse
import json
import re
import subprocess
import sys

from catalogs import Catalogs

SETTINGS = """
SET client_min_messages = error; SET extra_float_digits = 3; SET timezone = 'UTC';
SET intervalstyle = iso_8601; SET bytea_output = hex; SET row_security = off;
SET search_path = pg_catalog;
"""


def psql(database, sql):
    run = subprocess.run(
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database],
        input=SETTINGS + sql, capture_output=True, text=True, errors="surrogateescape")
    if run.returncode:
        sys.exit(f"psql failed on {database}: {run.stderr}")
    return run.stdout


def dump(database):
    """What pg_dump writes, without what depends on the moment and on the order of rows."""
    run = subprocess.run(["pg_dump", "--no-sync", database], capture_output=True)
    if run.returncode:
        return ["pg_dump failed: " + run.stderr.decode(errors="replace")]
    lines, rows = [], None
    for line in run.stdout.split(b"\n"):
        if rows is not None:
            if line == b"\\.":
                lines += sorted(rows) + [line]
                rows = None
            else:
                rows.append(line)
        elif not line.startswith((b"-- Dumped ", b"\\restrict", b"\\unrestrict")):
            lines.append(line)
            if line.startswith(b"COPY ") and line.endswith(b"FROM stdin;"):
                rows = []
    return [line.decode(errors="backslashreplace") for line in lines]


def data(database):
    """One line a table, sequence and large object."""
    path = psql(
        database,
        "SELECT 'SET search_path = pg_catalog' || coalesce(',' || string_agg(quote_ident(nspname),"
        " ',' ORDER BY nspname), '') || ';' FROM pg_namespace"
        " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
    tables = psql(
        database,
        """
        SELECT format($$SELECT %L || count(*) || ' ' || coalesce(md5(string_agg(h, '' ORDER BY h)), '')
            FROM (SELECT md5(ROW(%s)::text) AS h FROM ONLY %I.%I) x;$$,
            'table ' || nspname || '.' || relname || ' ',
            coalesce((SELECT string_agg(quote_ident(attname), ',' ORDER BY attname)
                FROM pg_attribute a WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), ''),
            nspname, relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'm') AND relpersistence <> 't' AND (relkind = 'r' OR relispopulated)
            AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        ORDER BY nspname, relname;
        SELECT format('SELECT %L || last_value || '' '' || is_called FROM %I.%I;',
            'sequence ' || nspname || '.' || relname || ' ', nspname, relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'S' AND nspname <> 'pg_catalog' ORDER BY nspname, relname;
        SELECT format('SELECT %L || md5(lo_get(%s));', 'large object ' || oid || ' ', oid)
        FROM pg_largeobject_metadata ORDER BY oid;
        """)
    return psql(database, path + tables).splitlines()


def differences(reference, candidate):
    """Lines of one side alone, sorted."""
    left, right = {}, {}
    for lines, counts in ((reference, left), (candidate, right)):
        for line in lines:
            counts[line] = counts.get(line, 0) + 1
    lost = [line for line, count in left.items() if count > right.get(line, 0)]
    new = [line for line, count in right.items() if count > left.get(line, 0)]
    return sorted(lost), sorted(new)


def explained(lost, new):
    """Differences of catalog rows, column by column where both sides have the object."""
    def key(line):
        catalog, text = line.split("\t", 1)
        row = json.loads(text)
        names = [n for n in ("oid", "objid", "objoid", "indexrelid", "seqrelid", "adrelid",
                             "attrelid", "attname", "inhrelid", "partrelid") if n in row]
        return (catalog, *(str(row[name]) for name in names)), row

    others = {}
    for line in new:
        others.setdefault(key(line)[0], []).append(line)
    for line in lost:
        name, row = key(line)
        if not others.get(name):
            yield "lost  " + line
            continue
        other = key(others[name].pop(0))[1]
        for column, value in row.items():
            if value != other.get(column):
                yield f"other {' '.join(name)} {column}: {value} -> {other.get(column)}"
    for lines in others.values():
        for line in lines:
            yield "new   " + line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reference")
    parser.add_argument("candidate")
    parser.add_argument("--show", type=int, default=20, help="differences to print of each view")
    parser.add_argument("--besides", help="catalog rows that pg_dump loses")
    options = parser.parse_args()
    views = {
        "dump": dump,
        "catalogs": lambda name: Catalogs(lambda sql: psql(name, sql)).lines(),
        "data": data,
    }
    is_equal = True
    for view, read in views.items():
        reference, candidate = read(options.reference), read(options.candidate)
        if not reference:
            sys.exit(f"{view}: nothing was read of {options.reference}")
        lost, new = differences(reference, candidate)
        if view == "catalogs" and options.besides:
            carried = [line for line in new if re.search(options.besides, line)]
            new = [line for line in new if line not in carried]
            print(f"    {view}: {len(carried)} rows that pg_dump loses")
        print(f"    {view}: {len(lost) + len(new)} differences in {len(reference)} lines")
        # A dump is an order too: the same lines in another order are another dump.
        if not lost and not new and view == "dump" and reference != candidate:
            print("    dump: the same lines in another order")
            is_equal = False
        if lost or new:
            is_equal = False
            shown = (
                explained(lost, new) if view == "catalogs"
                else ["lost  " + line for line in lost] + ["new   " + line for line in new])
            for index, line in enumerate(shown):
                if index == options.show:
                    print("      …")
                    break
                print("      " + line[:400])
    sys.exit(0 if is_equal else 1)


if __name__ == "__main__":
    main()
