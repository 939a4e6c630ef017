"""Every row of every system catalog of one database as text that another database can have too.

OIDs and column numbers become names, expressions are decompiled, and what is physical or changes by
itself is left out. Which columns hold OIDs of what is asked of the server
(pg_get_catalog_foreign_keys), so no kind of object can be forgotten.
"""

import json

# Statistics, data, and what belongs to the cluster and not to the database.
LEFT_OUT = {
    "pg_auth_members", "pg_authid", "pg_database", "pg_db_role_setting", "pg_largeobject",
    "pg_parameter_acl", "pg_replication_origin", "pg_shdepend", "pg_shdescription",
    "pg_shseclabel", "pg_statistic", "pg_statistic_ext_data", "pg_subscription_rel",
    "pg_tablespace",
}

PHYSICAL = {
    "pg_class": {
        "relallfrozen", "relallvisible", "relfilenode", "relfrozenxid", "relhasindex",
        "relhasrules", "relhassubclass", "relhastriggers", "relminmxid", "relnatts", "relpages",
        "relrewrite", "reltoastrelid", "reltuples",
    },
    "pg_attribute": {"attcacheoff", "atthasmissing", "attmissingval", "attnum"},
    "pg_attrdef": {"oid"},
    "pg_enum": {"oid"},
    "pg_index": {"indcheckxmin"},
    "pg_subscription": {"subskiplsn"},
}


def without_numbers(text):
    """The server numbers the triggers of a foreign key after their OIDs."""
    return (
        f"regexp_replace({text}, '([A-Za-z]+)_ConstraintTrigger(_[ac])?_\\d+', '\\1_ct\\2')"
    )


DECOMPILED = {
    ("pg_attrdef", "adbin"): "pg_get_expr(adbin, adrelid)",
    ("pg_class", "relpartbound"): "pg_get_expr(relpartbound, r.oid)",
    ("pg_constraint", "conbin"): "pg_get_constraintdef(r.oid)",
    ("pg_constraint", "confdelsetcols"): (
        "(SELECT array_agg(a.attname ORDER BY o) FROM unnest(confdelsetcols) WITH ORDINALITY u(k, o)"
        " JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = u.k)"
    ),
    ("pg_enum", "enumsortorder"): (
        "(SELECT count(*) FROM pg_enum e WHERE e.enumtypid = r.enumtypid"
        " AND e.enumsortorder < r.enumsortorder)"
    ),
    ("pg_index", "indexprs"): "pg_get_indexdef(indexrelid)",
    ("pg_index", "indpred"): "pg_get_expr(indpred, indrelid)",
    ("pg_partitioned_table", "partexprs"): "pg_get_partkeydef(partrelid)",
    ("pg_policy", "polqual"): "pg_get_expr(polqual, polrelid)",
    ("pg_policy", "polwithcheck"): "pg_get_expr(polwithcheck, polrelid)",
    ("pg_proc", "proargdefaults"): "pg_get_function_arguments(r.oid)",
    ("pg_proc", "prosqlbody"): "pg_get_function_sqlbody(r.oid)",
    ("pg_publication_rel", "prqual"): "pg_get_expr(prqual, prrelid)",
    ("pg_rewrite", "ev_action"): "pg_get_ruledef(r.oid)",
    ("pg_rewrite", "ev_qual"): "NULL",
    ("pg_statistic_ext", "stxexprs"): "pg_get_statisticsobjdef(r.oid)",
    ("pg_trigger", "tgargs"): "encode(tgargs, 'escape')",
    ("pg_trigger", "tgname"): without_numbers("tgname"),
    ("pg_trigger", "tgqual"): without_numbers("pg_get_triggerdef(r.oid)"),
    ("pg_type", "typdefaultbin"): "pg_get_expr(typdefaultbin, 0)",
}

ADDRESSES = [
    ("classid", "objid", "objsubid"),
    ("refclassid", "refobjid", "refobjsubid"),
    ("classoid", "objoid", "objsubid"),
]


def identity(catalog, oid):
    """SQL for the name of an object; NULL for no object."""
    name = without_numbers("coalesce(i.type, '?') || ':' || coalesce(i.identity, '?')")
    return (
        f"(CASE WHEN {oid} = 0 THEN NULL ELSE "
        f"(SELECT {name} FROM pg_identify_object({catalog}, {oid}, 0) i) END)"
    )


class Catalogs:
    """The catalogs of one database, read through `query`, which runs SQL and returns its text."""

    def __init__(self, query):
        self.query = query
        self.names = self.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace"
            " AND relkind = 'r' ORDER BY relname"
        )
        self.columns = self.rows(
            "SELECT attrelid::regclass::text catalog, attname AS name, atttypid::regtype::text AS type"
            " FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid IN"
            " (SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace"
            " AND relkind = 'r') ORDER BY attrelid, attnum"
        )
        self.references = self.rows(
            "SELECT fktable::text AS catalog, fkcols AS columns, pktable::text AS target,"
            " is_array FROM pg_get_catalog_foreign_keys()"
        )

    def rows(self, sql):
        text = self.query(f"SELECT row_to_json(x) FROM ({sql}) x")
        return [json.loads(line) for line in text.splitlines()]

    def lines(self):
        """One line a row, sorted: the catalog's name, a tab, the row as JSON."""
        found = []
        for catalog in (row["relname"] for row in self.names):
            if catalog in LEFT_OUT:
                continue
            for line in self.query(self.statement(catalog)).splitlines():
                if not any(word in line for word in ("pg_toast", "pg_temp_", '"toast table:')):
                    found.append(f"{catalog}\t{line}")
        return sorted(found)

    def statement(self, catalog):
        columns = [c for c in self.columns if c["catalog"] == catalog]
        names = {c["name"] for c in columns}
        done = set(PHYSICAL.get(catalog, ()))
        shown = []
        for class_, object_, part in ADDRESSES:
            if class_ in names and object_ in names:
                number = part if part in names else "0"
                name = without_numbers("i.type || ':' || i.identity")
                shown.append(
                    # Before PostgreSQL 15, what the server pins is a row without a class.
                    f"(CASE WHEN {class_} <> 0 THEN (SELECT {name}"
                    f" FROM pg_identify_object({class_}, {object_}, {number}) i) END)"
                    f' AS "{object_}"'
                )
                done |= {class_, object_, part}
        for column in columns:
            if column["name"] not in done:
                shown.append(f'{self.shown(catalog, column)} AS "{column["name"]}"')
        condition = "true"
        if catalog == "pg_attribute":
            condition = "NOT attisdropped AND attnum > 0"
            shown.append(
                "(SELECT count(*) FROM pg_attribute b WHERE b.attrelid = r.attrelid"
                " AND b.attnum > 0 AND NOT b.attisdropped AND b.attnum <= r.attnum) AS position"
            )
        if catalog == "pg_subscription":
            condition = "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        return (
            f"SELECT row_to_json(x) FROM (SELECT {', '.join(shown)} FROM {catalog} r"
            f" WHERE {condition}) x"
        )

    def shown(self, catalog, column):
        """SQL for a column without OIDs."""
        name = column["name"]
        if (catalog, name) in DECOMPILED:
            return DECOMPILED[catalog, name]
        if name == "oid":
            # The OID of a large object is its name.
            return "r.oid" if catalog == "pg_largeobject_metadata" else identity("r.tableoid", "r.oid")
        own = [
            r for r in self.references if r["catalog"] == catalog and r["columns"][-1] == name
        ]
        for reference in own:
            if len(reference["columns"]) == 2 and reference["target"] == "pg_attribute":
                return self.column_name(name, reference)
        for reference in own:
            if len(reference["columns"]) == 1:
                return self.object_name(name, reference)
        if column["type"] == "aclitem[]":
            return f'(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(r."{name}") a)'
        return f'r."{name}"'

    def column_name(self, name, reference):
        table = reference["columns"][0]
        if not reference["is_array"]:
            return (
                f'(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = r."{table}"'
                f' AND a.attnum = r."{name}")'
            )
        return (
            f"(SELECT array_agg(coalesce(a.attname, u.k::text) ORDER BY o)"
            f' FROM unnest(r."{name}"::int2[]) WITH ORDINALITY u(k, o)'
            f' LEFT JOIN pg_attribute a ON a.attrelid = r."{table}" AND a.attnum = u.k)'
        )

    def object_name(self, name, reference):
        target = f"'{reference['target']}'::regclass"
        if reference["is_array"]:
            return (
                f"(SELECT array_agg({identity(target, 'u.k')} ORDER BY o)"
                f' FROM unnest(r."{name}"::oid[]) WITH ORDINALITY u(k, o))'
            )
        if reference["target"] == "pg_database":
            return (
                f'(CASE WHEN r."{name}" = (SELECT oid FROM pg_database'
                f" WHERE datname = current_database()) THEN 'this' END)"
            )
        return identity(target, f'r."{name}"::oid')
