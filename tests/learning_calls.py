"""Solver calls that show mistakes about parameters, memory, losses and training.

Each solver has a list of calls: positional arguments and keyword arguments. Some
solvers need two calls, because their mistakes exclude each other.
"""

from fractions import Fraction
from typing import Any, Final, TypeAlias

from grader.values import Tensor

Call: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]

HALF: Final = Fraction(1, 2)
TENTH: Final = Fraction(1, 10)
WIDTHS: Final = (64, 96, 128, 16, 32, 32)
SHAPES: Final = ((3, 8, 8), (16, 8, 8), (16, 4, 4))
Q: Final = Tensor.from_nested([[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 1, 0], [1, 0, 2, 2]])
K: Final = Tensor.from_nested([[1, 0, 2, 1], [3, 1, 0, 1], [1, 1, 1, 4], [0, 2, 1, 1]])
V: Final = Tensor.from_nested([[1, 5, 2, 0], [0, 3, 1, 7], [4, 1, 1, 2], [2, 2, 6, 1]])
SCORES: Final = Tensor.from_nested([[3, 1, 2], [1, 4, 5]])
CLASSES: Final = Tensor.from_nested([1, 2])
MORE: Final = Tensor.from_nested([[2, 1], [4, 3]])
LESS: Final = Tensor.from_nested([[1, 3], [1, 3]])
WIDE: Final = Tensor.from_nested([[2, 1, 5], [4, 3, 7]]), Tensor.from_nested([[1, 3, 3], [1, 3, 3]])

LEARNING_CALLS: Final[dict[str, list[Call]]] = {
    "conv_weight_shape": [((6, 4, (3, 5)), {"groups": 2})],
    "conv_transpose_weight_shape": [((6, 4, (3, 5)), {"groups": 2}), ((6, 4, (3,)), {})],
    "conv_transpose_params": [
        ((6, 4, 3), {"groups": 2}),
        ((6, 4, 3), {"bias": False}),
        ((6, 4, (3, 5)), {}),
    ],
    "locally_connected_params": [((3, 8, 3, (5, 4)), {})],
    "layer_norm_params": [((12,), {})],
    "embedding_params": [((100, 12), {})],
    "basic_block_params": [
        ((8, 16), {}),
        ((8, 8), {"bias": True, "count": "all"}),
    ],
    "bottleneck_params": [
        ((32, 8, 16), {}),
        ((16, 8, 16), {"bias": True, "count": "all"}),
    ],
    "inception_params": [
        ((192, WIDTHS), {}),
        ((192, WIDTHS), {"batch_norm": True, "bias": False}),
        ((192, WIDTHS), {"batch_norm": True, "count": "all"}),
    ],
    "inception_channels": [((WIDTHS,), {})],
    "recurrent_params": [
        (("lstm", 5, 7), {"num_layers": 2, "bidirectional": True, "seq_len": 9}),
        (("gru", 5, 7), {"bias_vectors": 1}),
    ],
    "recurrent_macs": [
        (("lstm", 5, 7), {"num_layers": 2, "bidirectional": True, "seq_len": 9}),
    ],
    "attention_params": [((12, 3), {}), ((12, 3), {"bias": False})],
    "transformer_block_params": [((12, 40), {"cross_attention": True})],
    "attention_macs": [((10, 12, 3), {})],
    "transformer_block_macs": [((10, 12, 40), {})],
    "number_of_patches": [((64, (16, 8)), {}), ((64, 16), {})],
    "token_count": [((64, 16), {}), ((64, 16), {"class_token": False})],
    "patch_embedding_params": [((3, 16, 24), {})],
    "vit_params": [((32, 8, 2, 12), {}), ((32, 8, 2, 12), {"class_token": False})],
    "mlp_macs": [(((20, 10, 5),), {})],
    "flops": [((10,), {})],
    "separable_ratio": [((64, 3), {})],
    "bytes_of": [(("float32",), {})],
    "in_unit": [((10**7, "MiB"), {}), ((10**7, "MB"), {}), ((10**7, "Mbit"), {})],
    "parameter_bytes": [((1000,), {}), ((1000,), {"dtype": "float16"})],
    "activation_bytes": [((SHAPES,), {"batch_size": 8, "with_gradients": True})],
    "peak_bytes": [((SHAPES,), {"batch_size": 8})],
    "training_bytes": [((1000,), {}), ((1000,), {"mixed_precision": True})],
    "kv_cache_bytes": [((4, 8, 16, 100), {"batch_size": 2})],
    "mse": [((MORE, LESS), {}), ((MORE, LESS), {"reduction": "sum"}), (WIDE, {})],
    "mae": [((MORE, LESS), {}), ((MORE, LESS), {"reduction": "sum"}), (WIDE, {})],
    "huber_loss": [
        ((MORE, LESS), {}),
        ((MORE, LESS), {"reduction": "sum"}),
        (WIDE, {}),
    ],
    "hinge_loss": [
        ((SCORES, CLASSES), {}),
        ((SCORES, CLASSES), {"reduction": "sum", "squared": True}),
    ],
    "smoothed_label": [((1, 4), {"smoothing": TENTH})],
    "softmax_cross_entropy": [
        ((SCORES, CLASSES), {"label_smoothing": TENTH}),
        ((SCORES, CLASSES), {"reduction": "sum", "base": 2}),
    ],
    "cross_entropy": [
        ((((HALF, HALF / 2, HALF / 2), (HALF, HALF / 4, HALF * 3 / 4)), (1, 2)), {}),
        (((HALF, HALF / 2, HALF / 2), 1), {"base": 2}),
        ((((HALF, HALF), (HALF / 2, HALF * 3 / 2)), (1, 0)), {"reduction": "sum"}),
    ],
    "binary_cross_entropy": [
        (((HALF, TENTH), (1, 0)), {}),
        (((HALF, TENTH), (1, 0)), {"logits": True, "base": 10, "reduction": "sum"}),
    ],
    "entropy": [
        (((HALF, HALF / 2, HALF / 2),), {}),
        (((HALF, HALF / 2, HALF / 2),), {"base": 2}),
    ],
    "kl_divergence": [
        (((HALF, HALF), (TENTH, 1 - TENTH)), {}),
        (((HALF, HALF), (TENTH, 1 - TENTH)), {"base": 2}),
    ],
    "token_loss": [
        (((HALF, TENTH),), {}),
        (((HALF, TENTH),), {"base": 2, "reduction": "sum"}),
    ],
    "perplexity": [(((HALF, TENTH),), {})],
    "distance": [
        (((1, 2), (4, 7)), {}),
        (((1, 2), (4, 7)), {"squared": True}),
    ],
    "cosine_similarity": [(((1, 2), (4, 7)), {})],
    "triplet_loss": [
        (((1, 2), (4, 7), (2, 2)), {"squared": True}),
        (((1, 2), (2, 4), (4, 3)), {"margin": HALF}),
        (((1, 2), (4, 7), (2, 2)), {}),
    ],
    "contrastive_loss": [
        (((1, 2), (1, HALF)), {"alike": False, "margin": 3}),
        (((1, 2), (4, 7)), {"alike": False}),
    ],
    "skip_gram_params": [((1000, 50), {})],
    "skip_gram_pairs": [((9, 2), {})],
    "noise_distribution": [(((16, 81, 3),), {})],
    "negative_sampling_loss": [
        (((1, HALF), (2, 1), MORE), {}),
        (((1, HALF), (2, 1), MORE), {"base": 2}),
    ],
    "latent_deviation": [((HALF,), {})],
    "latent_code": [((MORE, LESS, MORE), {})],
    "code_divergence": [((MORE, LESS), {})],
    "attention_scores": [((Q, K), {"num_heads": 2}), ((Q, K), {"scale": False})],
    "attention_weights": [
        ((Q, K), {"num_heads": 2, "causal": True}),
        ((Q, K), {"scale": False}),
    ],
    "attention": [
        ((Q, K, V), {"num_heads": 2, "causal": True}),
        ((Q, K, V), {"scale": False}),
    ],
    "positional_encoding": [((3, 4, 8), {}), ((2, 5, 8), {"base": 100})],
    "positional_encodings": [((3, 6), {})],
    "step_lr": [((TENTH, 70), {"step_size": 30})],
    "cosine_lr": [((TENTH, 30), {"t_max": 100, "eta_min": Fraction(1, 1000)})],
    "warmup_lr": [((TENTH, at), {"warmup_steps": 1000}) for at in (250, 1500)],
    "sgd_step": [((MORE, LESS), {"lr": TENTH, "weight_decay": TENTH})],
    "momentum_velocity": [
        ((MORE, LESS), {}),
        ((MORE, LESS), {"dampening": HALF}),
    ],
    "momentum_step": [
        ((MORE, LESS, MORE), {"lr": TENTH, "dampening": HALF}),
        ((MORE, LESS, MORE), {"lr": TENTH, "nesterov": True}),
    ],
    "adam_moments": [((MORE, (LESS, MORE)), {})],
    "adam_step": [((MORE, LESS, (LESS, MORE)), {"step": 3})],
    "adamw_step": [((MORE, LESS, (LESS, MORE)), {"step": 3, "weight_decay": TENTH})],
    "dropout_values": [
        (((3, 4), (0, 1), TENTH), {}),
        (((3, 4), (0, 1), TENTH), {"inverted": False}),
    ],
    "dropout_mean": [
        (((3, 4), TENTH), {}),
        (((3, 4), TENTH), {"inverted": False}),
    ],
    "weight_penalty": [
        ((MORE, TENTH), {}),
        ((MORE, TENTH), {"order": 1, "half": True}),
    ],
}
