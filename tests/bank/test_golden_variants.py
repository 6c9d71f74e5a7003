"""Tests that a seed gives the same numbers forever and on every machine.

`golden_variants.json` holds the hashes of variants. It changes only with a problem's
draw block. `python tests/bank/test_golden_variants.py` regenerates it; students can see
the effect of such a change.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.variants.variant import draw_values
from problems.catalog import ProblemCatalog
from problems.publish import to_json_data
from problems.registry import REGISTRY

FILE = Path(__file__).parent / "golden_variants.json"
SEEDS = range(20)


def variants() -> dict[str, list[str]]:
    """Return the hashes of the numbers of every drawn problem, for the first seeds."""
    catalogue = ProblemCatalog()
    found = {}
    for name in catalogue.ids:
        problem = catalogue.get(name)
        if problem.has_drawn_params:
            found[name] = [_hash(draw_values(problem, seed, REGISTRY)) for seed in SEEDS]
    return found


def _hash(names: dict) -> str:
    text = json.dumps({name: to_json_data(value) for name, value in names.items()})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_every_seed_gives_the_numbers_that_it_always_gave() -> None:
    assert variants() == json.loads(FILE.read_text())


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_numbers_do_not_depend_on_the_hash_seed(hash_seed: str) -> None:
    run = subprocess.run(
        [sys.executable, __file__, "--print"],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert json.loads(run.stdout) == json.loads(FILE.read_text())


if __name__ == "__main__":
    text = json.dumps(variants(), indent=1)
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        FILE.write_text(text + "\n")
