"""Tests of stored variants: they load unchanged, or are refused with a remedy."""

import json

import pytest
from factories import BOOK, ask, marked, original, problem

from grader.diagnosis.mistakes import AUTHOR_RANK, NO_MISTAKES
from grader.errors import ProblemError
from grader.variants.variant import solve_variant
from problems.variant_serialization import (
    dump_variant,
    filter_stored_variant_line,
    load_variant,
    load_variant_for_parts,
    rekey_variant,
)

MISTAKES = [{"id": "own", "key": "W + 1/2", "say": "{{W}} again.", "credit": "1/4"}]
DRAWN = {
    "W": {"choose": [65, 97], "original": 65},
    "X": {"integers": [-9, 9], "shape": [2, 2], "original": [[1, 2], [3, 4]]},
    "net": {"network": ["5"]},
}
TABLE = ask(
    "table", id="table", rows="(W, 33)", columns={"c": {"kind": "integer", "key": "halve(layer)"}}
)
PARTS = (
    ask(id="whole", key="weights(3, W, 3) * halve(W)", mistakes=MISTAKES),
    ask("number", id="part", key="whole / 7"),
    ask("shape", id="shape", key="(W, halve(W))"),
    ask("matrix", id="matrix", key="scale(X, 1/3)"),
    ask("choice", id="choice", key="'x'", options={"x": "X", "y": "Y"}),
    ask("number", id="limits", at_least=1),
    ask("expression", id="formula", key="halve(W) * n", variables={"n": "1..9"}),
    TABLE,
    ask(id="failing", key="broken(W)"),
)


def stored(seed=None, **changes):
    """Return a problem, its variant, and the variant's data after a JSON round trip."""
    toy = problem(*PARTS, params=DRAWN, let={"Q": "W // 2"}, **changes)
    variant = solve_variant(toy, seed, BOOK)
    return toy, variant, json.loads(json.dumps(dump_variant(variant, BOOK)))


@pytest.mark.parametrize("seed", [None, 3])
def test_stored_variant_loads_unchanged(seed):
    toy, variant, data = stored(seed)
    loaded = load_variant(data, toy, BOOK)
    assert (loaded.seed, loaded.failures) == (seed, variant.failures)
    assert {name: str(value) for name, value in loaded.names.items()} == {
        name: str(value) for name, value in variant.names.items()
    }
    for part in ("whole", "part", "shape", "matrix", "choice", "limits", "table"):
        assert loaded.keys[part] == variant.keys[part]
        assert loaded.mistakes[part] == variant.mistakes[part]
    assert loaded.mistake_pairs["whole"] == variant.mistake_pairs["whole"]
    assert loaded.mistake_pairs["whole"].candidates


@pytest.mark.parametrize(
    "answers",
    [
        {"whole": str(weights)} for weights in (65 * 28 * 32, 65 * 27 * 32, 65 * 27 * 33, 65.5, 7)
    ]
    + [{"whole": "70", "part": "10"}, {"matrix": "[[1/3, 1], [2/3, 4/3]]"}, {"shape": "65×33"}]
    + [{"formula": "32n"}, {"formula": "33n"}, {"table": "33\n17"}, {"failing": "5"}],
)  # fmt: skip
def test_stored_variant_grades_like_the_solved_variant(answers):
    toy, variant, data = stored()
    loaded = load_variant(data, toy, BOOK)
    given, expected = (marked(one, **answers) for one in (loaded, variant))
    for part, result in expected.items():
        assert (given[part].status, given[part].credit) == (result.status, result.credit)
        assert (given[part].mistakes, given[part].feedback) == (result.mistakes, result.feedback)


def test_only_formulas_tables_and_failed_parts_are_not_stored():
    _, _, data = stored()
    parts = {part["id"] for part in PARTS}
    assert data["params"].keys() == {"W", "X"}
    assert parts - data["keys"].keys() == {"formula", "table", "failing"}
    assert parts - data["mistakes"].keys() == {"formula", "table"}


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (ask(key="65"), 65),
        (ask("choice", key="'x'", options={"x": "X", "y": "Y"}), "x"),
        (ask("choices", key="('x',)", options={"x": "X", "y": "Y"}), {"tuple": ["x"]}),
        (ask("number", key="1 / 3"), {"fraction": "1/3"}),
        (ask("shape", key="(3, 4)"), {"tuple": [3, 4]}),
        (ask("matrix", key="[[1, 1 / 3]]"), {"tensor": [1, {"fraction": "1/3"}], "shape": [1, 2]}),
        (ask("number", at_least=1), None),
    ],
)
def test_key_is_stored_as_plain_value_or_with_its_type_tag(part, told):
    assert dump_variant(original(part), BOOK)["keys"] == {"a": told}


OF_OTHER_NUMBERS = [
    ({"problem": "other"}, "for the problem 'other', which is 'toy' now"),
    ({"draw_hash": "x"}, "for the draw_hash 'x'"),
    ({"draw_hash": None}, "for the draw_hash None"),
    ({"params": {}}, "'W' has no value"),
    ({"params": {"W": {"unknown": 1}}}, "is not a stored variant"),
    ({"params": {"W": {"fraction": "1/x"}}}, "is not a stored variant"),
    ({"params": [1]}, "is not a stored variant"),
]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        *OF_OTHER_NUMBERS,
        ({"engine": "0"}, "stored for the engine '0', which is '1' now; publish the problem again"),
        ({"marking_hash": None}, "for the marking_hash None"),
        ({"keys": None}, "is not a stored variant"),
        ({"mistakes": {"whole": {}}}, "is not a stored variant"),
        ({"pairs": {"whole": {"candidates": [{"ids": ["gone"], "value": 1}], "hidden": []}}},
         "is not a stored variant"),
    ],
)  # fmt: skip
def test_mismatched_stored_variant_is_rejected(change, words):
    toy, _, data = stored()
    with pytest.raises(ProblemError, match=words):
        load_variant({**data, **change}, toy, BOOK)


def test_stored_variant_of_another_problem_version_is_rejected():
    _, _, data = stored()
    changed, _, _ = stored(title="Another title")
    with pytest.raises(ProblemError, match="marking_hash"):
        load_variant(data, changed, BOOK)


def in_parts(variant, toy, *parts, line=None):
    """Return a variant loaded from its stored line to grade only *parts*."""
    line = line or json.dumps(dump_variant(variant, BOOK))
    return load_variant_for_parts(
        json.loads(filter_stored_variant_line(line, parts)), toy, BOOK, parts
    )


def test_stored_line_is_filtered_to_mistakes_of_the_requested_parts():
    _, variant, data = stored()
    line = filter_stored_variant_line(json.dumps(data), ["whole", "matrix", "formula"])
    expected = dict(data)
    for name in ("mistakes", "pairs"):
        told = data[name]
        expected[name] = {one: told[one] for one in ("whole", "matrix", "formula") if one in told}
    assert json.loads(line) == expected
    assert "formula" not in expected["mistakes"]
    assert expected["pairs"]["whole"]["candidates"]
    assert variant.mistakes["formula"]


NAMES = ("candidates", "hidden", "mistakes", "pairs", "keys")
LIKE_JSON = '"pairs": {"keys": {"candidates": [], "hidden": []}}'


def test_line_filter_is_not_confused_by_names_or_text_resembling_json():
    tricky = [{"id": "own", "key": "1", "say": LIKE_JSON}]
    parts = [ask(id=name, key="weights(3, W, 3)", mistakes=tricky) for name in NAMES]
    toy = problem(*parts, params={"W": {"choose": [65, 97], "original": 65}})
    data = dump_variant(solve_variant(toy, None, BOOK), BOOK)
    for name in NAMES:
        found = json.loads(filter_stored_variant_line(json.dumps(data), [name]))
        told = {field: {name: data[field][name]} for field in ("mistakes", "pairs")}
        assert found == json.loads(json.dumps({**data, **told}))


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ":")])
def test_stored_line_with_other_separators_is_left_unfiltered_and_still_loads(separators):
    toy, variant, data = stored()
    line = json.dumps(data, separators=separators)
    assert filter_stored_variant_line(line, ["whole"]) == line
    assert in_parts(variant, toy, "whole", line=line).mistakes["whole"] == variant.mistakes["whole"]


def test_unrequested_parts_of_a_partially_loaded_variant_load_on_demand():
    toy, variant, data = stored(3)
    loaded, whole = in_parts(variant, toy, "whole", "formula"), load_variant(data, toy, BOOK)
    assert (loaded.seed, loaded.keys["whole"]) == (3, variant.keys["whole"])
    assert loaded.mistake_pairs["whole"] == variant.mistake_pairs["whole"]
    assert loaded.mistakes.keys() == {"whole", "formula"}
    assert {name: str(one) for name, one in loaded.mistakes.items()} == {
        name: str(whole.mistakes[name]) for name in ("whole", "formula")
    }
    for found, expected in ((loaded.keys, whole.keys), (loaded.names, whole.names)):
        assert list(found) == list(expected)
        assert {name: str(one) for name, one in found.items()} == {
            name: str(one) for name, one in expected.items()
        }
    assert loaded.failures == whole.failures
    assert len(loaded.failures) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "0"},
        {"keys": None},
        {"keys": {"whole": {"fraction": "1/x"}}},
        {"mistakes": {"whole": {}}},
    ],
)
def test_stale_data_of_a_requested_part_is_rejected_on_load(change):
    toy, _, data = stored()
    with pytest.raises(ProblemError, match="publish"):
        load_variant_for_parts({**data, **change}, toy, BOOK, ["whole"])


@pytest.mark.parametrize("change", [{"params": {"W": {"unknown": 1}}}, {"params": {}}])
def test_invalid_data_that_no_requested_part_needs_is_rejected_on_access(change):
    toy, variant, data = stored()
    loaded = load_variant_for_parts({**data, **change}, toy, BOOK, ["whole"])
    assert loaded.keys["whole"] == variant.keys["whole"]
    with pytest.raises(ProblemError):
        loaded.names["W"]


def rekeyed(seed=3, *, stored_as=None, **changes):
    """Return a stored variant after a problem change, a newly solved one, and the old one."""
    _, old, data = stored(seed)
    toy = problem(*changes.pop("parts", PARTS), params=DRAWN, let={"Q": "W // 2"}, **changes)
    return rekey_variant(data | (stored_as or {}), toy, BOOK), solve_variant(toy, seed, BOOK), old


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another title"},
        {"parts": [part | {"title": f"Part {part['id']}"} for part in PARTS]},
        {"stored_as": {"engine": "0"}},
        {"parts": PARTS[::-1][-1:]},
        {"parts": [ask(id="whole", key="weights(1, W, 3) * halve(W)", points=7), *PARTS[1:]]},
        {"parts": [ask("number", id="whole", key="W / 3", tolerance={"abs": 1})]},
        {"parts": [ask(id="new", key="Q")]},
    ],
)
def test_rekeying_keeps_the_numbers_and_recomputes_the_keys(seed, changes):
    given, fresh, old = rekeyed(seed, **changes)
    assert given.seed == seed
    assert {name: str(value) for name, value in given.names.items()} == {
        name: str(value) for name, value in old.names.items()
    }
    assert dump_variant(given, BOOK) == dump_variant(fresh, BOOK)
    assert given.failures == fresh.failures


def test_rekeying_keeps_stored_numbers_that_the_seed_no_longer_draws():
    """Stored numbers count, even if another engine draws different ones from the seed."""
    toy, _, data = stored(3)
    data["params"]["W"] = 4711
    assert rekey_variant(data, toy, BOOK).keys["shape"] == (4711, 2355)


@pytest.mark.parametrize(("change", "words"), OF_OTHER_NUMBERS)
def test_mismatched_variant_is_not_rekeyed(change, words):
    toy, _, data = stored()
    with pytest.raises(ProblemError, match=words):
        rekey_variant({**data, **change}, toy, BOOK)


@pytest.mark.parametrize("field", ["params", "seed"])
def test_stored_variant_without_numbers_or_seed_is_not_rekeyed(field):
    toy, _, data = stored()
    del data[field]
    with pytest.raises(ProblemError, match=f"is not a stored variant \\('{field}'\\)"):
        rekey_variant(data, toy, BOOK)


def test_loaded_variants_share_equal_mistake_ids_and_hidden_sets():
    toy, _, data = stored()
    data["mistakes"]["whole"]["hidden"] = ["doubled", "halved"]
    one, two = (load_variant(json.loads(json.dumps(data)), toy, BOOK) for _ in range(2))
    pairs = [(one.mistakes[part], two.mistakes[part]) for part in data["mistakes"]]
    assert one.mistakes["whole"].hidden == {"doubled", "halved"}
    assert len(one.mistakes["whole"].candidates) > 1
    for first, second in pairs:
        assert first.hidden is second.hidden
        for candidate, other in zip(first.candidates, second.candidates, strict=True):
            assert candidate.rank == AUTHOR_RANK or candidate.ids is other.ids
    assert one.mistakes["limits"] is NO_MISTAKES
