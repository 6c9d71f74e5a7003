"""Expected values of the problems about recurrent layers, attention and transformers."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from tests.bank.oracle.layers import percent
from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, count, dense, norm, uses

SETS = {
    "rnn": ["state"],
    "gru": ["reset", "update", "candidate"],
    "lstm": ["input", "forget", "output", "candidate"],
}


def _recurrent(kind: str, inputs: int, hidden: int, *, biases: int) -> Shapes:
    """Return the tensors of one direction of a layer: W, U and *biases* vectors per set."""
    one = [(hidden, inputs), (hidden, hidden), *[(hidden,)] * biases]
    return [tensor for _ in SETS[kind] for tensor in one]


def _one_bias(p: Params, kind: str) -> int:
    return count(_recurrent(kind, p["E"], p["D"], biases=1))


def _steps(p: Params) -> int:
    """Return the multiplications of the matrix products, summed over the time steps."""
    return sum(count(_recurrent("lstm", p["E"], p["D"], biases=0)) for _ in range(p["T"]))


def _both_ways(inputs: int, hidden: int) -> list[Shapes]:
    return [_recurrent("lstm", inputs, hidden, biases=2) for _ in ("forwards", "backwards")]


def _tagger(p: Params) -> list[int]:
    """Return the parameter counts of the tagger's four layers."""
    joined = p["D"] + p["D"]
    return [
        count([(p["E"],)] * p["V"]),
        count(*_both_ways(p["E"], p["D"])),
        count(*_both_ways(joined, p["D"])),
        count(dense(joined, p["tags"])),
    ]


def _width(p: Params) -> int:
    """Return the width of one head: all heads together have all features."""
    return next(width for width in range(1, p["d"] + 1) if width * p["h"] == p["d"])


def _heads(p: Params, source: int) -> list[Shapes]:
    """Return the tensors of each head's query, key and value, and of the output.

    Keys and values have *source* input features.
    """
    heads = [dense(seen, _width(p)) for _ in range(p["h"]) for seen in (p["d"], source, source)]
    return [*heads, dense(p["d"], p["d"])]


def _grouped(p: Params) -> int:
    made = p["h"] + 2 * p["g"]
    heads = [dense(p["d"], _width(p), bias=False) for _ in range(made)]
    return count(*heads, dense(p["d"], p["d"], bias=False))


def _whole_layer(p: Params) -> int:
    return count(*[dense(p["d"], p["d"], bias=False)] * 4)


def _block(p: Params) -> list[list[Shapes]]:
    """Return the tensors of a block: attention, feed-forward network, normalizations."""
    width, inner = p["d"], p["m"] * p["d"]
    attention = [dense(width, width) for _ in ("query", "key", "value", "output")]
    return [attention, [dense(width, inner), dense(inner, width)], [norm(width), norm(width)]]


def _block_count(p: Params) -> int:
    return sum(count(*piece) for piece in _block(p))


def _embedding(p: Params) -> int:
    vectors = [(p["d"],)] * (p["V"] + p["n"] + 2)
    return count(vectors, norm(p["d"]))


def _decoder_block(p: Params) -> int:
    return _block_count(p) + count(*_block(p)[0], norm(p["d"]))


def _corners(p: Params, side: int) -> Iterator[tuple[int, int]]:
    """Yield the top-left corner of each patch of an image."""
    return product(range(0, p["a"] * p["p"], side), range(0, p["b"] * p["p"], side))


def _sequence(p: Params, side: int) -> list[object]:
    return ["class", *_corners(p, side)]


def _pairs(p: Params, side: int) -> int:
    tokens = _sequence(p, side)
    return sum(len(tokens) for _ in tokens)


def _projected(tokens: int, features: int) -> int:
    matrices = [dense(features, features, bias=False) for _ in ("Q", "K", "V", "out")]
    return sum(uses(tokens, 1, matrix) for matrix in matrices)


def _compared(tokens: int, features: int, heads: int = 1) -> int:
    """Return the multiplications of the scores and the weighted sums over all heads."""
    assert features % heads == 0
    width = features // heads
    return sum(tokens * tokens * width for _ in range(heads) for _ in ("scores", "sums"))


def _balanced(p: Params) -> int:
    """Return the sequence length at which projections and attention cost the same.

    It counts up from 1.
    """
    tokens = 1
    while _compared(tokens, p["d"]) < _projected(1, p["d"]) * tokens:
        tokens += 1
    assert _compared(tokens, p["d"]) == _projected(1, p["d"]) * tokens
    return tokens


def _share(p: Params) -> Fraction:
    tokens = p["r"] * p["n"]
    compared = _compared(tokens, p["d"], p["h"])
    return percent(compared, compared + _projected(tokens, p["d"]))


def _layer_macs(p: Params) -> int:
    return _projected(p["n"], p["d"]) + _compared(p["n"], p["d"])


TABLE: Table = {
    "recurrent-parameters": {
        "rnn": lambda p: _one_bias(p, "rnn"),
        "gru": lambda p: _one_bias(p, "gru"),
        "lstm": lambda p: _one_bias(p, "lstm"),
        "lstm_two_biases": lambda p: count(_recurrent("lstm", p["E"], p["D"], biases=2)),
        "macs": _steps,
    },
    "bidirectional-lstm-parameters": {
        "embedding": lambda p: _tagger(p)[0],
        "first": lambda p: _tagger(p)[1],
        "handed_on": lambda p: (p["T"], p["D"] + p["D"]),
        "second": lambda p: _tagger(p)[2],
        "scores": lambda p: _tagger(p)[3],
        "total": lambda p: sum(_tagger(p)),
    },
    "attention-parameters": {
        "width": _width,
        "one_head": lambda p: count(*_heads(p, p["d"])[:3]),
        "layer": lambda p: count(*_heads(p, p["d"])),
        "cross": lambda p: count(*_heads(p, p["e"])),
        "grouped": _grouped,
        "saving": lambda p: 100 - percent(_grouped(p), _whole_layer(p)),
    },
    "transformer-block-parameters": {
        "attention": lambda p: count(*_block(p)[0]),
        "feed_forward": lambda p: count(*_block(p)[1]),
        "block": _block_count,
        "embedding": _embedding,
        "encoder": lambda p: _embedding(p) + sum(_block_count(p) for _ in range(p["L"])),
        "decoder_block": _decoder_block,
    },
    "vit-patches": {
        "patches": lambda p: len(list(_corners(p, p["p"]))),
        "values": lambda p: count([(p["C"], p["p"], p["p"])]),
        "embedding": lambda p: count(dense(count([(p["C"], p["p"], p["p"])]), p["d"])),
        "tokens": lambda p: len(_sequence(p, p["p"])),
        "positions": lambda p: count([(p["d"],) for _ in _sequence(p, p["p"])]),
        "scores": lambda p: _pairs(p, p["p"]),
        "finer": lambda p: _pairs(p, p["p"] // 2),
    },
    "attention-macs": {
        "projections": lambda p: _projected(p["n"], p["d"]),
        "products": lambda p: _compared(p["n"], p["d"], p["h"]),
        "total": _layer_macs,
        "formula": _layer_macs,
        "balance": _balanced,
        "share": _share,
    },
}

SHOWN: Table = {
    "transformer-block-parameters": {"F": lambda p: sum([p["d"]] * p["m"])},
    "vit-patches": {
        "H": lambda p: sum([p["p"]] * p["a"]),
        "W": lambda p: sum([p["p"]] * p["b"]),
    },
}
