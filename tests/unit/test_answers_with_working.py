"""Tests of answers with working, phrases and equations: read if they agree, else refused."""

import pytest
from factories import ask, mark

from grader.errors import AnswerError
from grader.reading.screening.known_words import refuse_unknown_words
from grader.reading.screening.labels import refuse_symbol_of_other_question

COUNT = ask(key=62)
LARGE = ask(key=3211264)
RATE = ask("number", key="2.75", tolerance={"abs": "0.01"})
LOSS = ask("number", key="-0.0836", tolerance={"abs": "0.0001"})
SHARE = ask("percent", key="50")
MEMORY = ask("quantity", dimension="bytes", unit="GiB", key="441/256", tolerance={"rounded": 3})
SAVED = ask("quantity", dimension="bytes", unit="MB", key=75, prompt="How much memory is saved?")
SHAPE = ask("shape", key="(9, 13, 20)", layout="HWC")
MATRIX_SIZE = ask("shape", key="(12, 30)", layout="HW")
PAIR = ask("vector", key="[48, 42]")
CORNERS = ask("vector", key="[256, 84, 384, 204]")
GRID = ask("matrix", key="[[1, 2], [3, 4]]")
OPTION = ask("choice", key="'pooled'", options={"pooled": "the pooled one", "both": "both nets"})
OPTIONS = ask("choices", key="('n2',)", options={"n1": "first", "n2": "second"})
FORMULA = ask("expression", key="K**2 + C", variables={"K": "1..7", "C": "1..9"})
LARGEST = ask(key=107, prompt="How large may the largest input be?")
CELLS = ask(key=196, prompt="How many boxes are there?")
TABLE = ask(
    "table",
    rows="(1, 2)",
    columns={
        "shape": {"kind": "shape", "layout": "HWC", "key": "(20, 14, 17 * layer)"},
        "parameters": {"kind": "integer", "key": "500 * (layer - 1)"},
    },
)


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "(64 - 3)/1 + 1 = 62"),
        (COUNT, "5*12 = 60 + 2 = 62"),
        (COUNT, "(126 - 3)/2 + 1 = 62.5 = 62"),
        (COUNT, "32 rows + 30 columns = 62 cells"),
        (COUNT, "Hi, my answer is <b>62</b>. Thank you!"),
        (COUNT, "Dear TA, the answer is 62. Kind regards, Anna"),
        (COUNT, '{"answer": 62}'),
        (COUNT, "print(size)\n62"),
        (COUNT, "# answer\n62"),
        (COUNT, "62 # done"),
        (COUNT, "62 :)"),
        (COUNT, "The correct answer is 62"),
        (COUNT, "It should be 62"),
        (COUNT, "62 as shown in the lecture"),
        (COUNT, "62, because each window moves by one"),
        (COUNT, "first 40; then 22: 62"),
        (COUNT, "stem 10 + 12, blocks 30, head 10 ⇒ 62"),
        (COUNT, "31 per row, together 62"),
        (LARGE, "The net has 64 maps of 224 by 224, so 64·224·224 = 3'211'264 values."),
        (LARGEST, "at most 107"),
        (CELLS, "4 for each cell, 196 in all"),
        (RATE, "2,75"),
        (RATE, "11/4 = 2,75"),
        (RATE, "2.75 > 0.5"),
        (LOSS, "minus 0.0836"),
        (SHARE, "6 of 12 pictures are right: 50 %"),
        (MEMORY, "2 x 882 MiB = 1764 MiB which is about 1.72 GiB"),
        (SAVED, "100 MB - 25 MB = 75 MB (75 %)"),
        (SHAPE, "(17-1)/2+1 = 9, (25-1)/2+1 = 13, channels stay 20: 9×13×20"),
        (SHAPE, "20 channels, 9 high and 13 wide"),
        (MATRIX_SIZE, "rows: 3*4 = 12, columns: 5*6 = 30"),
        (PAIR, "48 and 42 square pixels"),
        (PAIR, "48 / 42"),
        (PAIR, "48, 42 (in this order)"),
        (CORNERS, "center (320, 144), so the corners are (256, 84, 384, 204)"),
        (ask("vector", key="[2.8, -5.8]"), "y = (2,8; -5,8)"),
        (GRID, r"\boxed{[[1, 2], [3, 4]]}"),
        (GRID, "2·[[0.5, 1], [1.5, 2]] = [[1, 2], [3, 4]]"),
        (OPTION, "My final answer is pooled (see above)"),
        (OPTION, "pooled - its size never depends on the picture"),
        (OPTIONS, "only n_2 (9 lies between 6 and 11)"),
        (FORMULA, "Obviously K^2 + C"),
        (FORMULA, "K*K + C = K^2 + C"),
        (FORMULA, "squares: K^2; channels: C; total: K^2 + C"),
        (TABLE, "20 14 17 0\n20 14 34 500"),
        (TABLE, "20×14×17 | none\n20×14×34 | 500"),
    ],
)
def test_working_and_phrases_consistent_with_value_are_read(part, typed):
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "(64 - 2)/1 + 1 = 62"),
        (COUNT, "61 = 62"),
        (COUNT, "30 rows + 30 columns = 62 cells"),
        (COUNT, "62 (was 63)"),
        (COUNT, "62 (I first had 63)"),
        (COUNT, "2*31 = 62 or 2*32 = 64"),
        (COUNT, "62 because I ran out of time and the real value is 63"),
        (COUNT, "62 because no bias is counted"),
        (COUNT, "62 each"),
        (COUNT, "62ish"),
        (COUNT, "62 (base 8)"),
        (COUNT, "a third of 62"),
        (COUNT, "grows by 62"),
        (COUNT, "layer 1: 31, layer 2: 62"),
        (COUNT, "62 %"),
        (COUNT, "62 × 5"),
        (COUNT, "62 / 5"),
        (COUNT, "about 6200"),
        (LARGE, "64*224*224 = 3211246"),
        (RATE, "4.15 / 3.9375"),
        (RATE, "0.75 %"),
        (RATE, "2 = 2.75"),
        (SHAPE, "20 channels, height 13, width 9, so 9×13×20"),
        (SHAPE, "9×13×20 or 9×14×20"),
        (PAIR, "[48, 42] = [48, 43]"),
        (PAIR, "[48, 42] -> no, [48, 43]"),
        (GRID, "a) [[1, 2], [3, 4]] b) [[1, 2], [3, 5]]"),
        (OPTION, "pooled - or rather both"),
        (OPTION, "pooled (or both)"),
        (FORMULA, "K^2 + C = K^2*C"),
        (FORMULA, "first: K^2, second: K^2 + C"),
        (FORMULA, "K^2\nK^2 + C"),
    ],
)
def test_contradictory_working_is_refused_as_unreadable(part, typed):
    result = mark(part, typed)
    assert result.status == "unreadable"
    assert "Expected " in result.hint


def test_statement_word_is_allowed_unless_another_question_asks_about_it():
    context = "The filter has seven taps."
    refuse_unknown_words("25 taps", question="How long is it?", context=context)
    with pytest.raises(AnswerError, match="'taps'"):
        refuse_unknown_words(
            "25 taps", question="How long is it?", context=context, others="How many taps?"
        )


@pytest.mark.parametrize("typed", ["h = (1, 2)", "h is (1, 2)", "(1, 2) is h", "[1, 2] for h."])
def test_symbol_beside_array_is_the_one_asked_for(typed):
    refuse_symbol_of_other_question(typed, "What is $h$?", "What is $a$?")
    with pytest.raises(AnswerError, match="'h'"):
        refuse_symbol_of_other_question(typed, "What is $a$?", "What is $h$?")


@pytest.mark.parametrize(("others", "refused"), [("Give $f$.", True), ("Give $o$.", False)])
def test_symbol_requested_by_another_question_is_refused(others, refused):
    try:
        refuse_symbol_of_other_question("f = 0.73", "Give the gate $i$.", others)
    except AnswerError:
        assert refused
    else:
        assert not refused
