"""Typical mistakes of students: each cause has a part of the bank and a wrong formula."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.bank.oracle.windows import correlate
from tests.bank.wrong_formulas import (
    area_under,
    eleven,
    gated,
    halved_places,
    input_gradient,
    intersection,
    learning_net,
    lenet_before_pool,
    map_values,
    normed_net,
    printed_net,
    raw_area,
    rectangle,
    rotated,
    turned,
)

__all__ = ["CAUSES", "Cause"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A *wrong* formula for the part *at* ``problem.part``.

    The engine must name exactly the mistakes *names*.
    """

    at: str
    wrong: Callable[[Mapping[str, Any]], Any]
    names: str
    unit: str = ""


CAUSES: Mapping[str, Mapping[str, Cause]] = {
    "input channels": {
        "left out": Cause(
            "cnn-parameter-table.layer_2",
            lambda p: p["K"] ** 2 * p["N2"] + p["N2"],
            "input_channels_left_out",
        ),
        "an earlier layer's used": Cause(
            "network-repr.net1_trainable_params", printed_net, "earlier_channels_used"
        ),
    },
    "biases": {
        "forgotten": Cause(
            "cnn-parameter-table.layer_2", lambda p: p["K"] ** 2 * p["N1"] * p["N2"], "no_bias"
        ),
        "one for all filters": Cause(
            "cnn-parameter-table.layer_2", lambda p: p["K"] ** 2 * p["N1"] * p["N2"] + 1, "one_bias"
        ),
    },
    "rounding": {
        "ceil": Cause(
            "dilated-conv-size.strided",
            lambda p: -((p["d"] * (p["K"] - 1) + 1 - p["W"]) // p["S"]) + 1,
            "rounded_up",
        ),
        "a fraction left standing": Cause(
            "dilated-conv-size.strided",
            lambda p: Fraction(p["W"] - p["d"] * (p["K"] - 1) - 1, p["S"]) + 1,
            "fraction_left",
        ),
    },
    "anchors, objectness, classes": {
        "B*5+C for v3": Cause(
            "yolo-output-depth.yolov3", lambda p: 3 * 5 + p["C"], "boxes_times_five_plus_classes"
        ),
        "B*5+C for v5": Cause(
            "yolo-versions-head-depth.head5",
            lambda p: 3 * 5 + p["C"],
            "boxes_times_five_plus_classes",
        ),
        "A*(4+C)": Cause(
            "yolo-output-depth.yolov3", lambda p: 3 * (4 + p["C"]), "objectness_left_out"
        ),
        "one anchor": Cause("yolo-versions-head-depth.head5", lambda p: 5 + p["C"], "one_anchor"),
        "the anchors of all scales": Cause(
            "yolo-versions-head-depth.head5", lambda p: 9 * (5 + p["C"]), "anchors_of_all_scales"
        ),
        "background twice": Cause(
            "ssd-default-boxes.scores", lambda p: p["each"][1] * (p["C"] + 2), "background_twice"
        ),
        "background left out": Cause(
            "ssd-default-boxes.scores", lambda p: p["each"][1] * p["C"], "background_left_out"
        ),
    },
    "padding": {
        "added once": Cause(
            "rectangular-inputs.conv", lambda p: (p["N"], *rectangle(p, sides=1)), "padding_once"
        ),
        "not at all": Cause(
            "rectangular-inputs.conv",
            lambda p: (p["N"], *rectangle(p, sides=0)),
            "padding_left_out",
        ),
        "same kept under a stride": Cause(
            "same-padding-styles.same_size", lambda p: p["n"], "stride_left_out"
        ),
        "crop taken for add": Cause(
            "transposed-conv-parameters.enlarged",
            lambda p: (
                p["N"],
                *(2 * (p[axis] - 1) + p["K"] + 2 * ((p["K"] - 2) // 2) for axis in "HW"),
            ),
            "padding_added",
        ),
    },
    "stride": {
        "n-k+1": Cause(
            "conv-output-shape.stride_2",
            lambda p: (p["H"] - p["K"] + 1, p["W"] - p["K"] + 1, p["N"]),
            "stride_left_out",
        ),
        "n/s": Cause(
            "audio-and-video-shapes.sound", lambda p: (p["N"], p["L"] // p["S"]), "size_over_stride"
        ),
        "default pool stride 1": Cause(
            "audio-and-video-shapes.sound_pooled",
            lambda p: (p["N"], (p["L"] - p["K"]) // p["S"] + 1 - 4 + 1),
            "default_stride_one",
        ),
    },
    "plus one": {
        "forgotten": Cause(
            "conv-output-shape.stride_1",
            lambda p: (p["H"] - p["K"], p["W"] - p["K"], p["N"]),
            "forgot_plus_one",
        ),
    },
    "kernel": {
        "flipped": Cause(
            "true-convolution-or-correlation.correlation",
            lambda p: correlate(p["X"], rotated(p["K"])),
            "kernel_flipped",
        ),
        "not flipped where it must be": Cause(
            "true-convolution-or-correlation.convolution",
            lambda p: correlate(p["X"], p["K"]),
            "kernel_flipped",
        ),
        "not rotated in dX": Cause(
            "conv-input-gradient.stride_1", input_gradient, "kernel_not_rotated"
        ),
    },
    "units": {
        "values for bytes": Cause(
            "activation-memory.batch",
            lambda p: Fraction(map_values(p) * p["B"], 2**20),
            "values_for_bytes",
            " MiB",
        ),
        "MB for MiB": Cause(
            "activation-memory.batch",
            lambda p: Fraction(4 * map_values(p) * p["B"], 10**6),
            "decimal_for_binary",
            " MiB",
        ),
        "MiB for MB": Cause(
            "parameter-memory.decimal",
            lambda p: Fraction(4 * p["model"][1], 2**20),
            "binary_for_decimal",
            " MB",
        ),
        "KB of 1000": Cause(
            "peak-activation-memory.second",
            lambda p: Fraction(4 * p["N2"] * p["H"] * p["W"], 1000),
            "decimal_for_binary",
            " KiB",
        ),
    },
    "axes": {
        "(W, H)": Cause(
            "rectangular-inputs.conv",
            lambda p: (p["N"], *rectangle(p, sides=2)[::-1]),
            "axes_swapped",
        ),
        "transposed matrix": Cause(
            "sobel-conv-same.output",
            lambda p: turned(correlate(p["X"], p["K"], padding=1)),
            "transposed_output",
        ),
        "channels at the other end": Cause(
            "conv-output-shape.stride_1",
            lambda p: (p["N"], p["H"] - p["K"] + 1, p["W"] - p["K"] + 1),
            "layout_swapped",
        ),
        "weight layout": Cause(
            "which-layers-learn.tensors",
            lambda p: (
                f"{{({p['C']}, {p['N1']}, {p['K']}, {p['K']}), ({p['N1']}, {p['N2']}, 3, 3)}}"
            ),
            "channels_first",
        ),
    },
    "union": {
        "I/(A+B)": Cause(
            "iou-two-boxes.overlap",
            lambda p: Fraction(intersection(p), p["w1"] * p["h1"] + p["w2"] * p["h2"]),
            "union_left_out",
        ),
        "I/min(A,B)": Cause(
            "iou-two-boxes.overlap",
            lambda p: Fraction(intersection(p), min(p["w1"] * p["h1"], p["w2"] * p["h2"])),
            "over_smaller_box",
        ),
    },
    "batch norm": {
        "2C for 4C": Cause(
            "batch-norm-parameters.kept", lambda p: 2 * p["N"] + 2 * p["M"], "batch_norm_learnable"
        ),
        "4C for 2C": Cause(
            "batch-norm-parameters.trainable", lambda p: normed_net(p, 4), "batch_norm_all"
        ),
        "total for trainable": Cause(
            "which-layers-learn.learnable", learning_net, "batch_norm_all"
        ),
    },
    "MAC and FLOP": {
        "doubled": Cause(
            "conv-layer-macs.macs",
            lambda p: 2 * p["K"] ** 2 * p["C"] * p["N"] * halved_places(p),
            "flops_for_macs",
        ),
        "halved": Cause(
            "conv-layer-macs.operations",
            lambda p: p["K"] ** 2 * p["C"] * p["N"] * halved_places(p),
            "macs_for_flops",
        ),
    },
    "dilation": {
        "ignored in a size": Cause(
            "dilated-conv-size.output", lambda p: p["W"] - p["K"] + 1, "dilation_left_out"
        ),
        "ignored in a field": Cause(
            "dilated-receptive-field.field", lambda p: 1 + 4 * (p["K"] - 1), "dilation_left_out"
        ),
    },
    "receptive field": {
        "all strides ignored": Cause(
            "receptive-field-of-a-stack.field_4",
            lambda p: 1 + sum(p[f"K{layer}"] - 1 for layer in (1, 2, 3, 4)),
            "strides_ignored",
        ),
        "previous stride only": Cause(
            "receptive-field-of-a-stack.field_3",
            lambda p: p["K1"] + (p["K2"] - 1) * p["S1"] + (p["K3"] - 1) * p["S2"],
            "previous_stride",
        ),
        "pooling left out": Cause(
            "receptive-field-with-pooling.last",
            lambda p: 1 + 2 * (p["K1"] - 1) + 2 * (p["K2"] - 1) + p["K3"] - 1,
            "pooling_left_out",
        ),
    },
    "flatten": {
        "H*W without C": Cause(
            "fc-head-parameters.flattened", lambda p: p["H"] * p["W"], "flatten_without_channels"
        ),
        "the size before the pool": Cause(
            "lenet-parameters.total", lenet_before_pool, "flatten_before_pool"
        ),
    },
    "average precision": {
        "no envelope": Cause("average-precision.area", raw_area, "envelope_left_out"),
        "11 points for all": Cause("average-precision.area", eleven, "other_recalls"),
        "all points for 11": Cause("average-precision.eleven", area_under, "other_recalls"),
    },
    "recurrent": {
        "one bias set for two": Cause(
            "recurrent-parameters.lstm_two_biases", lambda p: gated(p, 4), "one_recurrent_bias"
        ),
        "two bias sets for one": Cause(
            "recurrent-parameters.gru", lambda p: gated(p, 3, 2), "two_recurrent_biases"
        ),
        "one gate too few": Cause(
            "recurrent-parameters.lstm", lambda p: gated(p, 3), "one_gate_left_out"
        ),
        "no gates": Cause("recurrent-parameters.gru", lambda p: gated(p, 1), "gates_left_out"),
        "times the length": Cause(
            "recurrent-parameters.gru", lambda p: p["T"] * gated(p, 3), "multiplied_by_length"
        ),
    },
    "two at once": {
        "channels and biases": Cause(
            "cnn-parameter-table.layer_2",
            lambda p: p["K"] ** 2 * p["N2"],
            "input_channels_left_out no_bias",
        ),
    },
}
