/// The file that `migrate init` writes.
package enum ConfigTemplate {
    /// A commented `migrate.yaml` with one environment for work on this machine and three more to
    /// be filled in. It is itself a valid configuration.
    package static let text = """
        # Configuration of migrate. Every key is optional; what is commented out shows the default
        # or an example. Options and MIGRATE_... variables override this file.

        migrations: migrations              # folder, relative to this file
        # verify_files: verify              # folder of queries that must return no row
        # layout: auto                      # auto, native, dbmate, goose, flyway, …
        # history_table: schema_migrations  # name or schema.name
        # default_environment: local

        # Durations have a unit: 250ms, 5s, 10m, 1h30m. An environment may override each of these.
        defaults:
          lock_timeout: 5s                  # a statement's wait for a lock in the database
          lock_wait: 60s                    # a run's wait for another run
          # lock_retries: 10                # further attempts after lock_timeout ran out
          # statement_timeout: 0s           # 0s: no limit
          # connect_timeout: 10s
          # transaction: each               # each: one per migration; all: one for the run
          # lock: session                   # lease: behind a transaction pooler of PostgreSQL

        # ${NAME} is a variable of the process, ${NAME:-default} has a default, $$ is a dollar sign.
        # Passwords belong in a variable, in password_file or in password_command, not in here.
        environments:
          local:
            url: sqlite:local.db

          dev:
            url: ${DEV_DATABASE_URL}

          staging:
            url: ${STAGING_DATABASE_URL}
            # password_file: /run/secrets/staging-db
            # password_command: [pass, show, staging-db]
            verify: { after: true }

          production:
            url: ${PRODUCTION_DATABASE_URL}
            protected: true                 # down, redo and repair want --yes and --reason
            verify: { before_commit: true, after: true }

        """
}
