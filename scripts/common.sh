# Shared by the scripts: where things are, and how the environment is made. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] || continue
        if command -v "$candidate" >/dev/null 2>&1 \
            && "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    say "dcmaudit needs Python 3.11, 3.12 or 3.13 and found none."
    say "On Debian 12: apt-get install python3 python3-venv. Elsewhere: PYTHON=/path/to/python3.11 $0"
    return 1
}

# make_environment FOLDER WHAT...: a virtual environment with what pip is told to install, made again only when the
# project's requirements or what is compiled change.
make_environment() {
    local folder=$1 python stamp
    shift
    # The build's own parts count, too: an older compiled loop would be passed over for the slower one.
    stamp=$(cat "$root/pyproject.toml" "$root/requirements/constraints.txt" "$root/hatch_build.py" \
        "$root"/src/dcmaudit/codecs/jpeg/*.c | sha256sum | cut -c1-16)-$*
    if [ -f "$folder/made-from" ] && [ "$(cat "$folder/made-from")" = "$stamp" ]; then
        return 0
    fi
    python=$(find_python) || return 1
    if [ ! -x "$folder/bin/python" ]; then
        if ! "$python" -m venv "$folder"; then
            say "Python could not make a virtual environment. On Debian: apt-get install python3-venv."
            return 1
        fi
    fi
    say "Installing into ${folder#"$root"/} ..."
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
    (cd "$root" && "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
        --constraint requirements/constraints.txt "$@")
    printf '%s' "$stamp" > "$folder/made-from"
}
