"""Tests of batch grading in chunks: each published variant is loaded once."""

import json

from api.services.batch import grading_jobs
from api.services.batch.grading_jobs import BatchJob, BatchQuestion, SourceFile, grade_chunk
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

NAME = "conv-output-shape"


def test_published_variant_is_loaded_once_for_all_requested_parts(monkeypatch):
    text = ProblemCatalog().path(NAME).read_text(encoding="utf-8")
    problem = load_problem(text, file=f"{NAME}.yaml")
    parts = [part.id for part in problem.parts]
    lines = {
        seed: json.dumps(
            dump_variant(solve_variant(problem, seed, REGISTRY), REGISTRY), allow_nan=False
        )
        for seed in (1, 2)
    }
    asked = tuple(BatchQuestion(seed, part, "3×3×3", ()) for seed in lines for part in parts)
    loaded, load = [], grading_jobs.load_variant_for_parts

    def counted(data, *more):
        loaded.append(data["seed"])
        return load(data, *more)

    monkeypatch.setattr(grading_jobs, "load_variant_for_parts", counted)
    job = BatchJob(
        SourceFile(f"{NAME}.yaml", text),
        asked,
        frozenset(parts),
        frozenset(),
        typed_json=False,
        published=lines,
    )
    assert len(grade_chunk((job,)).outcome_indices) == len(asked) > len(lines)
    assert loaded == list(lines)
