"""Expected values of the problem on two published networks, listed from the papers.

VGG-16: Simonyan and Zisserman 2015, configuration D. GoogLeNet: Szegedy et al. 2015,
table 1, as torchvision builds it: batch normalization in place of biases, and 3×3 where
the paper has 5×5.
"""

from itertools import pairwise
from typing import NamedTuple

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import Shapes, chain, conv, count, dense, norm
from tests.bank.oracle.windows import windows

VGG_16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
STEM = ((3, 64, 7), (64, 64, 1), (64, 192, 3))


class Inception(NamedTuple):
    """An inception block: input channels and those of its branches, as in table 1."""

    inputs: int
    ones: int
    threes_reduced: int
    threes: int
    fives_reduced: int
    fives: int
    pooled: int

    def branches(self, large: int) -> list[list[tuple[int, int, int]]]:
        """Return the (in, out, kernel) of each branch's convolutions; *large* replaces 5×5."""
        return [
            [(self.inputs, self.ones, 1)],
            [(self.inputs, self.threes_reduced, 1), (self.threes_reduced, self.threes, 3)],
            [(self.inputs, self.fives_reduced, 1), (self.fives_reduced, self.fives, large)],
            [(self.inputs, self.pooled, 1)],
        ]

    @property
    def outputs(self) -> int:
        """The channels of all branches, concatenated."""
        return self.ones + self.threes + self.fives + self.pooled


BLOCKS = (
    Inception(192, 64, 96, 128, 16, 32, 32),
    Inception(256, 128, 128, 192, 32, 96, 64),
    Inception(480, 192, 96, 208, 16, 48, 64),
    Inception(512, 160, 112, 224, 24, 64, 64),
    Inception(512, 128, 128, 256, 24, 64, 64),
    Inception(512, 112, 144, 288, 32, 64, 64),
    Inception(528, 256, 160, 320, 32, 128, 128),
    Inception(832, 256, 160, 320, 32, 128, 128),
    Inception(832, 384, 192, 384, 48, 128, 128),
)


def vgg16(classes: int) -> int:
    """Return the parameters of VGG-16 for images of 224 × 224."""
    channels = [3, *(filters for filters, times in VGG_16 for _ in range(times))]
    side = 224
    for _ in VGG_16:
        side = windows(side, 2, stride=2)
    units = [side * side * channels[-1], 4096, 4096, classes]
    dense_layers = [dense(*pair) for pair in pairwise(units)]
    return count(*chain(channels, 3), *dense_layers)


def _normed(layer: tuple[int, int, int]) -> Shapes:
    inputs, outputs, kernel = layer
    return conv(inputs, outputs, kernel, bias=False) + norm(outputs)


def googlenet(classes: int) -> int:
    """Return the parameters of GoogLeNet as in torchvision, without auxiliary classifiers."""
    inside = [layer for block in BLOCKS for branch in block.branches(3) for layer in branch]
    return count(*map(_normed, (*STEM, *inside)), dense(BLOCKS[-1].outputs, classes))


def googlenet_of_the_paper(classes: int) -> int:
    """Return the parameters of the paper's GoogLeNet: 5×5 kernels, biases, no batch norm."""
    inside = [layer for block in BLOCKS for branch in block.branches(5) for layer in branch]
    layers = [conv(*layer) for layer in (*STEM, *inside)]
    return count(*layers, dense(BLOCKS[-1].outputs, classes))


def googlenet_depth() -> int:
    """Return the number of layers with weights on the longest path."""
    blocks = sum(max(len(branch) for branch in block.branches(3)) for block in BLOCKS)
    return len(STEM) + blocks + 1


def _printed(p: Params) -> int:
    """Return the trainable parameters of the printed network for 32 × 32 images."""
    channels = [3, p["N1"], p["N2"], p["N3"]]
    side = 32
    for _ in channels[1:]:
        side = windows(windows(side, p["K"], padding=p["K"] // 2), 2, stride=2)
    norms = [norm(outputs) for outputs in (*channels[1:], p["units"], p["classes"])]
    flat = dense(side * side * p["N3"], p["units"])
    return count(*chain(channels, p["K"]), *norms, flat, dense(p["units"], p["classes"]))


TABLE: Table = {
    "network-repr": {"net1_trainable_params": _printed},
    "pretrained-parameter-counts": {
        "vgg16": lambda p: vgg16(p["classes"]),
        "googlenet_layers": lambda _: googlenet_depth(),
        "googlenet_params": lambda p: googlenet(p["classes"]),
    },
}

ACCEPTED: Table = {
    "pretrained-parameter-counts": {
        "googlenet_params": lambda p: googlenet_of_the_paper(p["classes"]),
    },
}
