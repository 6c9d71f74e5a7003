"""Tests of texts that their question or their arithmetic settles, each with a wrong twin."""

import pytest
from factories import ask, mark

UPDATES = ask(key=2620, prompt="How many updates do 20 epochs have?")
TOTAL = ask(key=42048, prompt="The stage is shown. How many parameters do all blocks have?")
POWER = ask("number", key=100000, prompt="How large is it?")
MEMORY = ask("quantity", dimension="bytes", unit="KB", key="1.024", prompt="How much memory?")
OUTPUT = ask("matrix", key="[[20, 33, 26], [19, 27, 52]]", prompt="What is the output?")


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (OUTPUT, r"\left[\begin{array}{ccc}20&33&26\\19&27&52\end{array}\right]"),
        (OUTPUT, r"\begin{array}{cc|c}20&33&26\\19&27&52\end{array}"),
        (OUTPUT, r"\begin{array}{@{}rrr@{}}20&33&26\\19&27&52\end{array}"),
        (OUTPUT, r"\begin{tabular}{rrr}20&33&26\\19&27&52\end{tabular}"),
        (UPDATES, "How many updates do 20 epochs have? 2620"),
        (TOTAL, "How many parameters do all blocks have? 42,048 params in total."),
        (OUTPUT, "What is the output?\n20 33 26\n19 27 52"),
        (UPDATES, "20 epochs á 131 updates ⇒ 2.620 updates in total"),
        (UPDATES, "20 * 131 = 2.620"),
        (TOTAL, "9*4672=42.048 parametres"),
        (TOTAL, "9 blocks of 4672 → 42.048"),
        (TOTAL, "9*4672 = 42.048k"),
        (POWER, "10^5 = 100.000"),
        (MEMORY, "256*4 bytes = 1.024 KB"),
    ],
)
def test_settled_text_is_read(part, typed):
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (OUTPUT, r"\begin{array}{flipped}20&33&26\\19&27&52\end{array} flipped"),
        (UPDATES, "How many updates do 10 epochs have? 2620"),
        (TOTAL, "How many biases do all blocks have? 42048"),
        (TOTAL, "How many parameters do all blocks have? 42048 or 42049"),
        (TOTAL, "How many parameters? 42048?"),
        (UPDATES, "20 epochs á 131 updates ⇒ 2.621 updates in total"),
        (UPDATES, "20 * 0.131 = 2.620"),
        (TOTAL, "9*4.672 = 42.048"),
        (TOTAL, "9*4672 = 42.048 + 1"),
    ],
)
def test_twin_that_nothing_settles_is_refused(part, typed):
    assert mark(part, typed).status == "unreadable"
