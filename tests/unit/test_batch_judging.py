"""Questions judged in chunks: what is loaded for them."""

import json

from api.services.batch import judging
from api.services.batch.judging import Asked, Job, Text, judge_chunk
from grader.variants.variant import solve
from problems.book import BOOK
from problems.catalogue import Catalogue
from problems.loader import load_problem
from problems.stored import dump_variant

NAME = "conv-output-shape"


def test_a_published_variant_is_loaded_once_for_all_parts_that_are_asked_for(monkeypatch):
    text = Catalogue().path(NAME).read_text(encoding="utf-8")
    problem = load_problem(text, file=f"{NAME}.yaml")
    parts = [part.id for part in problem.parts]
    lines = {
        seed: json.dumps(dump_variant(solve(problem, seed, BOOK), BOOK), allow_nan=False)
        for seed in (1, 2)
    }
    asked = tuple(Asked(seed, part, "3×3×3", ()) for seed in lines for part in parts)
    loaded, load = [], judging.load_parts

    def counted(data, *more):
        loaded.append(data["seed"])
        return load(data, *more)

    monkeypatch.setattr(judging, "load_parts", counted)
    job = Job(
        Text(f"{NAME}.yaml", text),
        asked,
        frozenset(parts),
        frozenset(),
        typed_json=False,
        published=lines,
    )
    assert len(judge_chunk((job,)).which) == len(asked) > len(lines)
    assert loaded == list(lines)
