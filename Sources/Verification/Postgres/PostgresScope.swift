/// Which relations a built-in check looks at.
enum PostgresScope {
    /// All that are the user's.
    case everything
    /// Those that the open transaction made or changed.
    ///
    /// Whatever changes a relation or its rows takes a lock on it that reading does not, and the
    /// transaction keeps that lock until its end; what it created, it holds a lock on as well.
    case touched

    /// A condition on the relation whose OID the expression gives.
    func contains(_ oid: String) -> String {
        switch self {
        case .everything: "true"
        case .touched:
            """
            \(oid) IN (SELECT l.relation FROM pg_catalog.pg_locks l \
            WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted \
            AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') \
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d \
            WHERE d.datname = pg_catalog.current_database()))
            """
        }
    }
}

/// Pieces of SQL that the checks share. All of it is qualified, and runs with nothing but
/// pg_catalog on the path all the same.
enum CatalogSQL {
    /// True for a schema of the user: not the server's own, no pg_toast, no temporary one (names
    /// that begin with `pg_` are reserved).
    static func isUserSchema(_ namespace: String) -> String {
        "\(namespace).nspname !~ '^pg_' AND \(namespace).nspname <> 'information_schema'"
    }

    /// A relation's name, qualified and quoted where need be.
    static func name(_ namespace: String, _ relation: String) -> String {
        "pg_catalog.format('%I.%I', \(namespace).nspname, \(relation).relname)"
    }

    /// False for a relation that an extension made, and keeps as it wants it.
    static func isNotOfExtension(_ oid: String) -> String {
        """
        NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = \(oid) \
        AND e.deptype = 'e')
        """
    }

    /// False for an unlogged relation on a standby, where it has no contents.
    static func canBeRead(_ relation: String) -> String {
        "(\(relation).relpersistence = 'p' OR NOT pg_catalog.pg_is_in_recovery())"
    }

    /// False for a constraint that is declared and not enforced (PostgreSQL 18).
    static func isEnforced(_ constraint: String, version: Int) -> String {
        version >= 180_000 ? "\(constraint).conenforced" : "true"
    }
}
