"""Wording of layer arguments, for the ``str`` of a layer."""


def join_nonempty(*pieces: str) -> str:
    """Join the nonempty *pieces* with commas."""
    return ", ".join(piece for piece in pieces if piece)


def describe_missing_params(params_per_position: int) -> str:
    """Return what a normalization lacks, given its number of parameters per position."""
    return ("no scale, no bias", "no bias", "")[params_per_position]


def format_pair(sides: tuple[int, int]) -> str:
    """Return both sides, such as ``3×3``."""
    return f"{sides[0]}×{sides[1]}"


def format_side_or_pair(sides: tuple[int, int]) -> str:
    """Return one side of a square, or both sides of any other shape."""
    return str(sides[0]) if sides[0] == sides[1] else format_pair(sides)


def describe_geometry(
    stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]
) -> str:
    """Return the stride in words, and padding and dilation unless they are the defaults."""
    return join_nonempty(
        f"stride {format_side_or_pair(stride)}",
        f"padding {format_side_or_pair(padding)}" if any(padding) else "",
        f"dilation {format_side_or_pair(dilation)}" if dilation != (1, 1) else "",
    )
