"""The scripts that Gradescope runs: `setup.sh` once, `run_autograder` for each submission."""

import json
from collections.abc import Sequence
from typing import Final

from api.gradescope.runtime.main import FAILURE_MESSAGE, SELF_CHECK
from api.gradescope.runtime.results import build_failure

ENGINE_PROGRAM: Final = '''\
"""Grades one submission: ``python engine ROOT``. Written by `grader gradescope`."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("Grader needs Python 3.11 or newer; this is " + sys.version.split()[0])
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "lib"))

from api.gradescope.runtime.main import main

main()
'''
SETUP_SCRIPT: Final = """\
#!/usr/bin/env bash
# Prepares a Gradescope image. Written by `grader gradescope`; make the archive again to change it.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source
versions=(@VERSIONS@)

python_version() {
    "$1" -c "import sys; print('%d.%d' % sys.version_info[:2])" 2>/dev/null
}

find_python() {
    local version candidate
    for version in "${versions[@]}"; do
        for candidate in "python$version" python3; do
            if [[ $(python_version "$candidate") == "$version" ]]; then
                python=$(command -v "$candidate")
                return
            fi
        done
    done
    return 1
}

if ! find_python && command -v apt-get >/dev/null; then
    apt-get update -qq || true
    for version in "${versions[@]}"; do
        if apt-get install -y -qq --no-install-recommends "python$version" && find_python; then
            break
        fi
    done
fi
if ! find_python; then
    echo "Grader needs Python 3.11 or newer, and this archive has wheels for: ${versions[*]}." >&2
    echo "This image has $(python3 --version 2>&1 || true), and no other could be installed." >&2
    echo "Choose a newer base image, or make the archive with --python VERSION." >&2
    exit 1
fi

version=$(python_version "$python")
rm -rf "$source/lib"
for wheel in "$source/wheels/$version"/*.whl; do
    "$python" -m zipfile -e "$wheel" "$source/lib"
done
echo "$python" >"$source/python"
(cd / && "$python" -E -s -S "$source/engine" @CHECK@)
echo "Grader is ready: Python $version"
"""
RUN_SCRIPT: Final = """\
#!/usr/bin/env bash
# Grades one submission. Written by `grader gradescope`; make the archive again to change it.
# Without site-packages (-S): all that it needs is in the archive.
root=${AUTOGRADER_ROOT:-/autograder}
export OPENBLAS_NUM_THREADS=1
cd /
if ! "$(cat "$root/source/python")" -E -s -S "$root/source/engine" "$root"; then
    mkdir -p "$root/results"
    cat >"$root/results/results.json" <<'RESULTS'
@FAILURE@
RESULTS
fi
"""


def render_setup_script(python_versions: Sequence[str]) -> str:
    """Return `setup.sh`: it finds or installs one of *python_versions* and unpacks its wheels."""
    script = SETUP_SCRIPT.replace("@VERSIONS@", " ".join(python_versions))
    return script.replace("@CHECK@", SELF_CHECK)


def render_run_script() -> str:
    """Return `run_autograder`, which writes results even if the engine is killed."""
    return RUN_SCRIPT.replace("@FAILURE@", json.dumps(build_failure(FAILURE_MESSAGE)))
