"""Tests of counts for recurrent layers, attention and transformers.

The oracles are published totals and the sizes of arrays.
"""

import math
from itertools import product

import pytest

from grader.errors import SolverError
from problems.solvers.cost import conv_macs, linear_macs
from problems.solvers.parameters import embedding_params, layer_norm_params, linear_params
from problems.solvers.recurrent import recurrent_macs, recurrent_params
from problems.solvers.transformers import (
    attention_macs,
    attention_params,
    transformer_block_macs,
    transformer_block_params,
)
from problems.solvers.vision_transformers import (
    number_of_patches,
    patch_embedding_params,
    token_count,
    vit_params,
)

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def pytorch_shapes(kind, into, hidden, layers, directions):
    """Yield the tensor shapes that PyTorch documents: ``weight_ih_l[k]`` and so on."""
    rows = GATES[kind] * hidden
    for layer, _ in product(range(layers), range(directions)):
        yield (rows, into if layer == 0 else directions * hidden)
        yield (rows, hidden)
        yield from ((rows,), (rows,))


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layer_parameters_match_pytorch_tensors(kind, layers, bidirectional):
    shapes = list(pytorch_shapes(kind, 5, 7, layers, 2 if bidirectional else 1))
    keywords = {"num_layers": layers, "bidirectional": bidirectional}
    assert recurrent_params(kind, 5, 7, **keywords) == sum(map(math.prod, shapes))
    weights = sum(math.prod(shape) for shape in shapes if len(shape) == 2)
    assert recurrent_params(kind, 5, 7, bias_vectors=0, **keywords) == weights
    assert recurrent_macs(kind, 5, 7, seq_len=11, **keywords) == 11 * weights


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (recurrent_params("lstm", 10, 20, num_layers=2), 5_920),
        (recurrent_params("lstm", 10, 20, num_layers=2, seq_len=500), 5_920),
        (recurrent_params("gru", 10, 20), 1_920),
        (recurrent_params("rnn", 10, 20), 640),
        (recurrent_params("lstm", 128, 64, bias_vectors=1), 49_408),  # as Keras counts
        (recurrent_params("gru", 128, 64, bias_vectors=1), 37_056),
        (attention_params(512, 8), 1_050_624),
        (attention_params(512, 8, bias=False), 4 * 512**2),
        (attention_params(4, head_dim=3, output_projection=False, bias=False), 36),
        (attention_params(8, 2, kdim=5, vdim=3), 8 * 8 + 8 * 5 + 8 * 3 + 24 + 8 * 8 + 8),
        (transformer_block_params(768, 3072), 7_087_872),  # a block of BERT-base
        (transformer_block_params(512, 2048), 3_152_384),  # PyTorch's encoder layer
        (transformer_block_params(512, 2048, cross_attention=True), 4_204_032),  # and decoder
        (transformer_block_params(768, 3072, norms=0), 7_084_800),
        (number_of_patches(224, 16), 196),
        (number_of_patches((224, 448), (32, 16)), 196),
        (token_count(224, 14), 257),
        (token_count(224, 14, class_token=False), 256),
        (patch_embedding_params(3, 16, 768), 590_592),
        (patch_embedding_params(1, (2, 4), 10, bias=False), 80),
        (attention_macs(197, 768, projections=False), 2 * 197 * 197 * 768),
        (attention_macs(4, 6, source_len=9, projections=False), 2 * 4 * 9 * 6),
    ],
)
def test_transformer_counts_match_course_examples(found, expected):
    assert found == expected


@pytest.mark.parametrize(
    ("image", "patch", "layers", "width", "params", "giga"),
    [
        (224, 16, 12, 768, 86_567_656, 17.564),
        (224, 32, 12, 768, 88_224_232, 4.409),
        (224, 16, 24, 1024, 304_326_632, 61.555),
        (224, 32, 24, 1024, 306_535_400, 15.378),
        (224, 14, 32, 1280, 632_045_800, 167.295),
        (518, 14, 32, 1280, 633_470_440, 1016.717),
    ],
)
def test_vision_transformer_parameters_and_macs_match_torchvision(
    image, patch, layers, width, params, giga
):
    assert vit_params(image, patch, layers, width) == params
    tokens = token_count(image, patch)
    blocks = layers * transformer_block_macs(tokens, width, 4 * width)
    macs = conv_macs(3, width, patch, image // patch) + blocks + linear_macs(width, 1000)
    assert round(macs / 1e9, 3) == giga


def test_gpt2_and_bert_parameters_match_published_values():
    blocks = 12 * transformer_block_params(768, 3072)
    norm = layer_norm_params(768)
    gpt2 = embedding_params(50_257, 768) + embedding_params(1024, 768) + blocks + norm
    assert gpt2 == 124_439_808
    tables = embedding_params(30_522, 768) + embedding_params(512, 768) + embedding_params(2, 768)
    assert tables + norm + blocks + linear_params(768, 768) == 109_482_240  # BERT-base, uncased


def test_pytorch_default_transformer_is_its_layers_plus_two_norms():
    encoder = 6 * transformer_block_params(512, 2048)
    decoder = 6 * transformer_block_params(512, 2048, cross_attention=True)
    assert encoder + decoder + 2 * layer_norm_params(512) == 44_140_544


def test_attention_macs_are_the_sum_of_its_matrix_products():
    """The product of (a, b) and (b, c) takes a*b*c MACs."""
    queries, keys, width = 5, 7, 6
    projections = [(queries, width, width)] * 2 + [(keys, width, width)] * 2
    products = [(queries, width, keys), (queries, keys, width)]
    expected = sum(map(math.prod, [*projections, *products]))
    assert attention_macs(queries, width, 3, source_len=keys) == expected


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: recurrent_params("LSTM", 3, 4), "kind must be one of rnn, gru, lstm, not LSTM"),
        (lambda: recurrent_params("gru", 3, 4, bias_vectors=3), "bias_vectors must be 0, 1 or 2"),
        (lambda: recurrent_params("gru", 3, 4, num_layers=0), "num_layers must be from 1"),
        (lambda: recurrent_params("gru", 3, 4, num_layers=2000), "num_layers must be from 1 to"),
        (lambda: recurrent_params("gru", 3, 4, seq_len=0), "seq_len must be from 1"),
        (lambda: recurrent_macs("gru", 3, 4, bidirectional=2), "bidirectional must be True or"),
        (lambda: attention_params(512, 7), "7 heads do not share 512 features evenly"),
        (lambda: attention_macs(10, 512, 7), "7 heads do not share 512 features evenly"),
        (lambda: transformer_block_params(0, 3), "embed_dim must be from 1"),
        (lambda: transformer_block_params(4, 3, norms=-1), "norms must be from 0"),
        (lambda: number_of_patches(224, 15), "do not fill an image"),
        (lambda: vit_params(224, 16, 0, 768), "num_layers must be from 1"),
    ],
)
def test_invalid_transformer_count_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
