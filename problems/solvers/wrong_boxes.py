"""Rare wrong versions of solvers of boxes: deltas relative to anchors, formats and penalties."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Final, NamedTuple

from grader.errors import SolverError
from grader.registry import SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.anchors import anchor_deltas, decode_deltas
from problems.solvers.bounds import as_numbers, as_pair
from problems.solvers.boxes import Box, convert_box, format_box, parse_box
from problems.solvers.overlaps import ciou, diou, iou
from problems.solvers.wrong_versions import build_wrong_versions, replace_formula

# Deltas relative to an anchor.


def _parse_deltas(args: SolverArguments) -> tuple[list[float], Box, Box]:
    """Return the right deltas of a call, the box and the anchor."""
    box = parse_box(args.box, "the box", fmt=args.fmt)
    anchor = parse_box(args.anchor, "the anchor", fmt=args.fmt)
    return [float(delta) for delta in anchor_deltas(**vars(args))], box, anchor


def _deltas_without_logarithm(args: SolverArguments) -> tuple[float, ...]:
    (x, y, _, _), box, anchor = _parse_deltas(args)
    variance = float(as_numbers(args.variances, "variances")[1])
    ratios = (box.width / anchor.width, box.height / anchor.height)
    return x, y, *(float(ratio) / variance for ratio in ratios)


def _deltas_with_logarithm_base_ten(args: SolverArguments) -> tuple[float, ...]:
    (x, y, wider, higher), _, _ = _parse_deltas(args)
    return x, y, wider / math.log(10), higher / math.log(10)


def _deltas_divided_by_box_size(args: SolverArguments) -> tuple[float, ...]:
    (x, y, wider, higher), box, anchor = _parse_deltas(args)
    shift = x * float(anchor.width / box.width), y * float(anchor.height / box.height)
    return *shift, wider, higher


def _deltas_with_reversed_shift(args: SolverArguments) -> tuple[float, ...]:
    (x, y, wider, higher), _, _ = _parse_deltas(args)
    return -x, -y, wider, higher


def _deltas_with_shift_in_pixels(args: SolverArguments) -> tuple[float, ...]:
    (x, y, wider, higher), _, anchor = _parse_deltas(args)
    return x * float(anchor.width), y * float(anchor.height), wider, higher


class _Decoder(NamedTuple):
    """Decoding of a box: the unit of the shift, and the factor of a size from its delta."""

    uses_pixels: bool
    to_factor: Callable[[float], float]


def _decode_deltas_with(args: SolverArguments, *, decoder: _Decoder) -> tuple[float, ...]:
    anchor = parse_box(args.anchor, "the anchor", fmt=args.fmt)
    by_center, by_size = (float(number) for number in as_numbers(args.variances, "variances"))
    dx, dy, dw, dh = (float(number) for number in as_numbers(args.deltas, "the deltas"))
    sides = (1, 1) if decoder.uses_pixels else (anchor.width, anchor.height)
    x = float(anchor.center[0]) + dx * by_center * float(sides[0])
    y = float(anchor.center[1]) + dy * by_center * float(sides[1])
    width = float(anchor.width) * decoder.to_factor(dw * by_size)
    height = float(anchor.height) * decoder.to_factor(dh * by_size)
    exact = as_numbers((x - width / 2, y - height / 2, x + width / 2, y + height / 2), "the box")
    return tuple(float(number) for number in format_box(Box(*exact), args.fmt))


# Formats.


def _convert_with_wrong_fields(args: SolverArguments, point: str, size: str) -> tuple[Number, ...]:
    """Return the box with another point or size than the format has."""
    box = parse_box(args.box, "the box", fmt=args.in_fmt)
    is_centered = args.out_fmt == "cxcywh"
    if args.out_fmt == "xyxy" or (not is_centered and point != "corner"):
        raise SolverError("this format has no such numbers")
    points = {
        "corner": (box.left, box.top),
        "center": box.center,
        "half": (Fraction(box.width) / 2, Fraction(box.height) / 2),
    }
    sizes = {"size": (box.width, box.height), "far corner": (box.right, box.bottom)}
    height, width = (1, 1) if args.image is None else as_pair(args.image, "image")
    numbers = (*points[point], *sizes[size])
    sides = (width, height, width, height)
    return tuple(
        simplify_number(Fraction(number) / side)
        for number, side in zip(numbers, sides, strict=True)
    )


def _box_with_far_corner_for_size(args: SolverArguments) -> tuple[Number, ...]:
    return _convert_with_wrong_fields(
        args, "center" if args.out_fmt == "cxcywh" else "corner", "far corner"
    )


# Penalties.


def _distance_penalty(args: SolverArguments) -> Fraction:
    return Fraction(iou(**vars(args))) - Fraction(diou(**vars(args)))


def _weighted_aspect_term(args: SolverArguments) -> float:
    """Return the weighted term of the aspect ratios, which CIoU subtracts from DIoU."""
    term = float(diou(**vars(args))) - ciou(**vars(args))
    if math.isclose(term, 0, abs_tol=1e-12):
        raise SolverError("the aspect ratios are equal")
    return term


def _diou_with_unsquared_lengths(args: SolverArguments) -> float:
    return float(iou(**vars(args))) - math.sqrt(_distance_penalty(args))


def _ciou_without_aspect_weight(args: SolverArguments) -> float:
    """Return DIoU - v: from ``term = v**2/(1 - IoU + v)`` follows v, the positive root."""
    term, rest = _weighted_aspect_term(args), 1 - float(iou(**vars(args)))
    ratio_term = (term + math.sqrt(term * term + 4 * term * rest)) / 2
    return float(diou(**vars(args))) - ratio_term


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        anchor_deltas,
        {
            "size_ratio_kept": replace_formula(anchor_deltas, _deltas_without_logarithm),
            "size_logarithm_base_ten": replace_formula(
                anchor_deltas, _deltas_with_logarithm_base_ten
            ),
            "shift_over_own_size": replace_formula(anchor_deltas, _deltas_divided_by_box_size),
            "shift_reversed": replace_formula(anchor_deltas, _deltas_with_reversed_shift),
            "shift_in_pixels": replace_formula(anchor_deltas, _deltas_with_shift_in_pixels),
        },
    ),
    *build_wrong_versions(
        decode_deltas,
        {
            mistake: replace_formula(decode_deltas, partial(_decode_deltas_with, decoder=decoder))
            for mistake, decoder in (
                ("shift_in_pixels", _Decoder(uses_pixels=True, to_factor=math.exp)),
                (
                    "size_factor_linear",
                    _Decoder(uses_pixels=False, to_factor=lambda delta: 1 + delta),
                ),
                ("size_factor_raw", _Decoder(uses_pixels=False, to_factor=float)),
            )
        },
    ),
    *build_wrong_versions(
        convert_box,
        {
            "far_corner_for_size": replace_formula(convert_box, _box_with_far_corner_for_size),
            "half_size_for_center": replace_formula(
                convert_box, lambda args: _convert_with_wrong_fields(args, "half", "size")
            ),
        },
    ),
    *(
        version
        for solver in (diou, ciou)
        for version in build_wrong_versions(
            solver, {"distance_penalty_alone": replace_formula(solver, _distance_penalty)}
        )
    ),
    *build_wrong_versions(
        diou,
        {"lengths_of_penalty_not_squared": replace_formula(diou, _diou_with_unsquared_lengths)},
    ),
    *build_wrong_versions(
        ciou,
        {
            "aspect_weight_left_out": replace_formula(ciou, _ciou_without_aspect_weight),
            "distance_penalty_left_out": replace_formula(
                ciou, lambda args: float(iou(**vars(args))) - _weighted_aspect_term(args)
            ),
            "aspect_term_added": replace_formula(
                ciou, lambda args: float(diou(**vars(args))) + _weighted_aspect_term(args)
            ),
        },
    ),
)
