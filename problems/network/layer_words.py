"""Words for the arguments of a layer, from which ``str`` describes it."""

__all__ = ["by", "moves", "side", "unlearned", "words"]


def words(*pieces: str) -> str:
    """Return the pieces that are not empty, between commas."""
    return ", ".join(piece for piece in pieces if piece)


def unlearned(learned: int) -> str:
    """Return what a normalization lacks if it learns so many numbers in each place."""
    return ("no scale, no bias", "no bias", "")[learned]


def by(sides: tuple[int, int]) -> str:
    """Return both sides: ``3×3``."""
    return f"{sides[0]}×{sides[1]}"


def side(sides: tuple[int, int]) -> str:
    """Return one side of a square, both sides of anything else."""
    return str(sides[0]) if sides[0] == sides[1] else by(sides)


def moves(stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]) -> str:
    """Return the words for the stride, and for padding and dilation unless default."""
    return words(
        f"stride {side(stride)}",
        f"padding {side(padding)}" if any(padding) else "",
        f"dilation {side(dilation)}" if dilation != (1, 1) else "",
    )
