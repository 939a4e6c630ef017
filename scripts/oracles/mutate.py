#!/usr/bin/env python3
"""Damages a database in one place after another, and says whether the judge sees each.

    mutate.py DATABASE MUTATIONS

Each line of MUTATIONS is a statement. The catalogs are compared with those before it; where they are
the same, the rows or the dump are. Exit status 0 when every statement applies and is seen.
"""

import sys

from catalogs import Catalogs
from judge import data, dump, psql


def main():
    database, path = sys.argv[1:]
    catalogs = lambda: sorted(Catalogs(lambda sql: psql(database, sql)).lines())
    before, seen, failed = catalogs(), 0, 0
    with open(path, encoding="utf-8") as file:
        statements = [line.strip() for line in file if line.strip()]
    for statement in statements:
        # What of a damage the catalogs do not show.
        other = None
        if statement.split()[0] in ("UPDATE", "DELETE", "INSERT", "SELECT"):
            other = data
        elif "toast." in statement:
            other = dump
        shown = other(database) if other else None
        try:
            psql(database, "SET search_path = public, pg_catalog;\n" + statement)
        except SystemExit as failure:
            print(f"  does not apply: {statement}: {failure}")
            failed += 1
            continue
        after = catalogs()
        if after == before and (other is None or other(database) == shown):
            print(f"  NOT SEEN: {statement}")
            failed += 1
        else:
            seen += 1
        before = after
    print(f"==> {seen} damages seen, {failed} not")
    sys.exit(0 if failed == 0 and seen > 0 else 1)


main()
