"""Tests of texts that their question or their arithmetic settles, each with a wrong twin."""

import pytest
from factories import ask, mark

UPDATES = ask(key=2620, prompt="How many updates do 20 epochs have?")
TOTAL = ask(key=42048, prompt="The stage is shown. How many parameters do all blocks have?")
POWER = ask("number", key=100000, prompt="How large is it?")
MEMORY = ask("quantity", dimension="bytes", unit="KB", key="1.024", prompt="How much memory?")
GIGABYTES = ask("quantity", dimension="bytes", unit="GB", key="43.2", prompt="How much memory?")
NATS = ask("number", key="0.3749", prompt="The divergence in nats?")
BITS = ask("number", key="1.3345", prompt="The loss in bits per character?")
SCORES = ask("matrix", key="[[-3, -2], [4, 0]]", prompt="What are the scores $Q K^T$?")
STEP = ask("matrix", key="[[-3, -2], [4, 0]]", prompt="What is $K$ after one step?")
NORM = ask(key=48, prompt="How many learnable parameters does batch normalization have?")
CLIP = ask(
    "shape",
    key="(45, 12, 56, 100)",
    layout="CDHW",
    prompt="What is the shape (channels × frames × height × width)?",
)
ADDED = ask(key=80, prompt="If both had biases, how many more parameters would there be?")
MOST = ask("quantity", dimension="parameters", unit="Bparams", key=3, prompt="How many at most?")
POOLED = ask("shape", key="(64, 5)", prompt="What is the shape (channels × length)?")
DEEP = ask(key=11, prompt="How many layers with weights are on the longest path?")
CONVOLUTIONS = ask(key=19, prompt="How many convolutions has it?")
UNCOVERED = ask(key=1, prompt="How many columns are not covered by any window?")
COVERED = ask(key=1, prompt="How many columns are covered?")
ROWS = ask("matrix", key="[[9, 7], [9, 7]]", prompt="Give one row per query.")
DECIMALS = ask("matrix", key="[[2.5, 3.1], [1.5, 0]]", prompt="What are the weights?")
ZEROS = ask("matrix", key="[[1, 2], [0, 0]]", prompt="What is the running sum?")
OUTPUT = ask("matrix", key="[[20, 33, 26], [19, 27, 52]]", prompt="What is the output?")


FILTERS = ask(key=6, prompt="How many filters?")
DEPTH = ask(key=61, prompt="How many numbers?")
MEANS = ask(key=96, prompt="How many means are computed?")
MERGED = ask(key=36, prompt="How many maps come out?")
UNTRAINED = ask("number", key="10.397", tolerance={"rounded": 4}, prompt="The loss?")
TEN = ask("number", key=10, prompt="How large is it?")
MACS = ask("expression", key="K**2*C", variables={"K": "2..7", "C": "2..9"}, prompt="How many?")


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (OUTPUT, "20, 33, 26 | 19, 27, 52"),
        (OUTPUT, "| 20 33 26 | 19 27 52 |"),
        (FILTERS, "6 filters with 96 weights each"),
        (FILTERS, "6 filters of 5×5×3"),
        (FILTERS, "6, one per output"),
        (FILTERS, "6 (one per map)"),
        (DEPTH, "61 numbers: 2 boxes × 5 + 51 classes"),
        (DEPTH, "61: 2*5 + 51"),
        (MEANS, "2 * 48 = 96, not 192"),
        (MEANS, "96 (and not 192)"),
        (MERGED, "16 + 20 = 36 (pooling keeps the 20 maps)"),
        (UNTRAINED, "ln 32768 = 15 ln 2 = 10.397"),
        (MACS, "a filter has K^2 weights, C filters => K^2*C"),
        (MACS, "K*K for a map, then the maps: K^2*C"),
        (MACS, "each filter covers K^2 cells, so C*K^2"),
        (MACS, "K^2 weights per map, C maps => C*K^2"),
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
        (NATS, "0.3749 nats (= 0.5408 bits)"),
        (NATS, "0.3749 nats, i.e. 0.541 bits"),
        (GIGABYTES, "43.2 gigabytes (m 10.8 + v 10.8 + w 21.6), same as 43200 MB"),
        (GIGABYTES, "43.2 GB, which is 43,200 MB"),
        (GIGABYTES, "half of 86.4 GB, i.e. 43.2 GB"),
        (BITS, "5.338 / 4 ≈ 1.3345 bits/char"),
        (BITS, "1.3345 bits/character"),
        (SCORES, "Q @ K.T = \n[[-3 -2]\n [ 4  0]]"),
        (SCORES, r"$Q \cdot K^\top$ = [[-3, -2], [4, 0]]"),
        (STEP, "K - 0.1*dK:\n[-3 -2]\n[ 4  0]"),
        (NORM, "gamma and beta: 2 * 24 = 48"),
        (NORM, "scales, shifts: 24·2 = 48"),
        (CLIP, "45 ch, 12 frames, 56 high, 100 wide"),
        (CLIP, "100 wide, 56 high, 12 frames, 45 ch"),
        (ADDED, "32 + 48 = 80 biases"),
        (POOLED, "64 x 5 (floor((12-4)/2)+1 = 5)"),
        (POOLED, "(64, 5) ((9+1)/2 = 5)"),
        (DEEP, "11 (pooling isn't counted since it has no weights)"),
        (DEEP, "11, relu not counted"),
        (CONVOLUTIONS, "19 convs (fc not counted)"),
        (CONVOLUTIONS, "19 (pooling layers are not included)"),
        (UNCOVERED, "36*3+4 = 112 columns covered, 113-112 = 1 column left"),
        (ROWS, "9 and 7 in both rows"),
        (ROWS, "for the first query I get 9 and 7, and for the second one 9, 7"),
        (DECIMALS, "A = ((2,5; 3,1); (1,5; 0))"),
        (ZEROS, "[[1, 2], [0]*2]"),
        (CONVOLUTIONS, "sum(1 for m in net.modules())\n>>> 19"),
        (MOST, "48 GB / (4*4 bytes) → 3 billion params max."),
    ],
)
def test_settled_text_is_read(part, typed):
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (OUTPUT, "20, 33, 26 | 19, 27"),
        (FILTERS, "6 filters without 96 weights each"),
        (FILTERS, "6 filters with 3 filters each"),
        (FILTERS, "6 weights with 96 filters each"),
        (FILTERS, "6 per output channel"),
        (DEPTH, "61 numbers: 2 boxes × 5 + 50 classes"),
        (DEPTH, "61 numbers: 2 boxes × 5 + 51 without classes"),
        (MEANS, "96, not 192 but 100"),
        (MEANS, "96, not 96"),
        (MERGED, "16 + 20 = 36 (pooling keeps the 18 maps)"),
        (MERGED, "16 + 20 = 36 (without the skip)"),
        (MERGED, "16 + 21 = 36 (pooling keeps the 21 maps)"),
        (UNTRAINED, "ln 32768 = 14 ln 2 = 10.397"),
        (MACS, "without the bias: K^2*C"),
        (MACS, "per map: K^2*C"),
        (MOST, "48 GB / (4*4 bytes) → 3 billion params min."),
        (TOTAL, "9*4672 = 42.048 without biases"),
        (OUTPUT, r"\begin{array}{flipped}20&33&26\\19&27&52\end{array} flipped"),
        (UPDATES, "How many updates do 10 epochs have? 2620"),
        (TOTAL, "How many biases do all blocks have? 42048"),
        (TOTAL, "How many parameters do all blocks have? 42048 or 42049"),
        (TOTAL, "How many parameters? 42048?"),
        (UPDATES, "20 epochs á 131 updates ⇒ 2.621 updates in total"),
        (UPDATES, "20 * 0.131 = 2.620"),
        (TOTAL, "9*4.672 = 42.048"),
        (TOTAL, "9*4672 = 42.048 + 1"),
        (NATS, "0.3749 nats (= 0.3749 bits)"),
        (NATS, "0.5408 bits (= 0.3749 nats)"),
        (GIGABYTES, "43.2 gigabytes, same as 4320 MB"),
        (BITS, "1.3345 bits/token"),
        (BITS, "1.3345 nats/char"),
        (SCORES, "K @ Q.T = [[-3, -2], [4, 0]]"),
        (SCORES, "K.T = [[-3, -2], [4, 0]]"),
        (NORM, "mean and variance: 2 * 24 = 48"),
        (NORM, "mean and beta: 2 * 24 = 48"),
        (NORM, "gamma: 2 * 24 = 48"),
        (NORM, "gamma and beta: 2 * 24 = 46"),
        (CLIP, "45 ch, 12 frames, 56 ch, 100 wide"),
        (ADDED, "32 + 48 = 80 channels"),
        (POOLED, "64 x 5 (floor((12-4)/2)+1 = 6)"),
        (POOLED, "64 x 5 (3*2 = 6)"),
        (DEEP, "11 (fc isn't counted since it has no weights)"),
        (DEEP, "11 (pooling isn't counted since it has no bias)"),
        (CONVOLUTIONS, "19 (the convs not counted)"),
        (UPDATES, "2620 (pooling not counted)"),
        (COVERED, "113-112 = 1 column left"),
        (ROWS, "9 and 7 in both columns"),
        (ROWS, "for the first key 9 and 7, and for the second one 9, 7"),
        (ROWS, "for the second query 9 and 7, and for the first one 9, 7"),
        (ZEROS, "[[1, 2], [0]*3]"),
    ],
)
def test_twin_that_nothing_settles_is_refused(part, typed):
    assert mark(part, typed).status == "unreadable"


CHANGING_REMARKS = (
    "minus the 16 biases",
    "times 2 heads",
    "plus 20 for the skip",
    "then subtract 20",
    "add 20 again",
    "the 16 counts twice",
    "per head, 16 heads",
    "each of the 16 heads",
    "in thousands",
    "k",
)


@pytest.mark.parametrize("remark", CHANGING_REMARKS)
def test_remark_that_changes_proven_value_is_refused(remark):
    assert mark(MERGED, f"16 + 20 = 36 ({remark})").status == "unreadable"


@pytest.mark.parametrize(
    "typed",
    [
        "2*5 = 10 (remove 2)",
        "2*5 = 10 (to be doubled)",
        "2*5 = 10 (in thousands)",
        "2*5 = 10 thousand (the 2 are pairs)",
        "-10: 5 * 2",
        "10 thousand: 5 × 2",
        "10 k: 5 * 2",
        "minus 10: 5 * 2",
    ],
)
def test_value_that_its_computation_contradicts_is_refused(typed):
    assert mark(TEN, typed).status == "unreadable"


@pytest.mark.parametrize(
    "typed",
    [
        "2 times: C*K^2",
        "1 over: C*K^2",
        "1/: C*K^2",
        "sqrt of: C*K^2",
        "minus: C*K^2",
        "the negative of: C*K^2",
        "it is less than => C*K^2",
        "unless C=1: C*K^2",
        "unless C filters: C*K^2",
        "2 times C filters => C*K^2",
        "2*K per filter => C*K => K*C: C*K^2",
        "2*K per filter => C*K^2",
        "C*K plus that is C*K^2",
        "C*K plus that is C*K + K",
        "weights => C*K, biases => C*K^2",
    ],
)
def test_formula_that_its_derivation_contradicts_is_refused(typed):
    assert mark(MACS, typed).status == "unreadable"
