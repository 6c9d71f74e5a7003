"""Tests of replaying recorded answers: same or other result, other version, no record."""

import json

import pytest

SAME = ("conv-output-shape", "stride_2", "64×64×16")
PARTLY = ("pooling-4x4", "max", "[9 7; 8 5]")


def recorded(grader, answer, *options: str, **changes) -> str:
    record = json.loads(grader("mark", *answer, *options, "--json").out)
    return json.dumps({**record, **changes}, ensure_ascii=False)


def test_replay_reads_output_of_mark_from_stdin(grader):
    printed = grader("mark", *SAME, "--json").out + grader("mark", *PARTLY, "--json").out
    ran = grader("replay", "-", stdin=printed)
    assert (ran.code, ran.out.splitlines()) == (
        0,
        ["conv-output-shape stride_2 (original): same", "pooling-4x4 max (original): same"],
    )


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (SAME, ("--seed", "3")),
        (("pooling-4x4", "max", "1 2"), ()),
        (("pooling-4x4", "max", ""), ()),
    ],
)
def test_replay_reproduces_every_record(grader, tmp_path, answer, options):
    file = tmp_path / "records.jsonl"
    file.write_text(f"\n{recorded(grader, answer, *options)}\n\n")
    ran = grader("replay", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(": same\n")


@pytest.mark.parametrize(
    ("changes", "line", "code"),
    [
        ({"credit": "1"}, "differs: credit was 1, is 3/4", 1),
        (
            {"status": "correct", "rule": "exact"},
            "differs: status was correct, is partial; rule was exact, is cells",
            1,
        ),
        ({"engine": "0"}, "same (another engine)", 0),
        ({"draw_hash": "0", "marking_hash": "0"}, "same (another draw_hash, marking_hash)", 0),
        ({"engine": "0", "points": 2}, "differs: points was 2, is 1 (another engine)", 1),
        ({"value": 1}, "differs: value was 1, is {'tensor': [9, 7, 8, 5], 'shape': [2, 2]}", 1),
        ({"explanation": []}, "same", 0),
    ],
)
def test_replay_reports_differences_with_both_results(grader, changes, line, code):
    ran = grader("replay", "-", stdin=recorded(grader, PARTLY, **changes))
    assert (ran.out, ran.code) == (f"pooling-4x4 max (original): {line}\n", code)


def test_invalid_record_does_not_stop_replay_of_others(grader):
    good = recorded(grader, PARTLY)
    bad = (
        "[1, 2]",
        "{",
        "{}",
        recorded(grader, PARTLY, part="maxx"),
        recorded(grader, PARTLY, problem="pooling-5x5"),
        "{" + "[" * 10_000,
    )
    ran = grader("replay", "-", stdin="\n".join((*bad, good)))
    assert (ran.code, ran.out) == (1, "pooling-4x4 max (original): same\n")
    for line, said in enumerate(
        (
            "this is not the record",
            "not JSON",
            "has no 'seed'",
            "did you mean 'max'",
            "no problem 'pooling-5x5'",
            "nested deeper",
        ),
        1,
    ):
        assert any(f"line {line}: " in one and said in one for one in ran.err.splitlines()), said


def test_replay_requires_records_and_an_existing_file(grader, tmp_path):
    assert grader("replay", "-", stdin=" \n").code == 2
    ran = grader("replay", str(tmp_path / "missing.jsonl"))
    assert (ran.code, "cannot be read" in ran.err) == (2, True)
    ran = grader("replay", "-", "--bank", str(tmp_path), stdin="{}")
    assert (ran.code, "no problem file" in ran.err) == (2, True)
