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
from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.variants.variant import draw_values
from problems.catalog import ProblemCatalog
from problems.publish import to_json_data
from problems.registry import REGISTRY

FILE = Path(__file__).parent / "golden_variants.json"
SEEDS = range(20)
FEWER_SEEDS = 4
"""How many of the seeds are drawn again under another hash seed."""


def variants(seeds: Iterable[int] = SEEDS) -> dict[str, list[str]]:
    """Return the hashes of the numbers of every drawn problem, for the given seeds."""
    catalogue = ProblemCatalog()
    found = {}
    for name in catalogue.ids:
        problem = catalogue.get(name)
        if problem.has_drawn_params:
            found[name] = [_hash(draw_values(problem, seed, REGISTRY)) for seed in seeds]
    return found


def _hash(names: dict) -> str:
    text = json.dumps({name: to_json_data(value) for name, value in names.items()})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_every_seed_reproduces_its_golden_variant() -> None:
    assert variants() == json.loads(FILE.read_text())


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_variants_do_not_depend_on_hash_seed(hash_seed: str) -> None:
    run = subprocess.run(
        [sys.executable, __file__, "--print"],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    stored = json.loads(FILE.read_text())
    first = {name: hashes[:FEWER_SEEDS] for name, hashes in stored.items()}
    assert json.loads(run.stdout) == first


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(json.dumps(variants(SEEDS[:FEWER_SEEDS])))
    else:
        FILE.write_text(json.dumps(variants(), indent=1) + "\n")
