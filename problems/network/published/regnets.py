"""RegNetX and RegNetY (Radosavovic et al., 2020), as torchvision builds them."""

from typing import Final

from problems.network.constructors.all_constructors import network, relu, residual, sigmoid
from problems.network.graphs import Network
from problems.network.published.blocks import normalized_conv, pooled_classifier
from problems.network.published.mobile import squeeze_excitation_gate

STEM_CHANNELS: Final = 32

# The channels of each group, and for the four stages the channels and the number of blocks. The
# paper computes them from a linear function of the depth; these are the values that result.
REGNETS: Final = {
    "regnet_y_400mf": (8, ((48, 1), (104, 3), (208, 6), (440, 6))),
    "regnet_y_800mf": (16, ((64, 1), (144, 3), (320, 8), (784, 2))),
    "regnet_y_1_6gf": (24, ((48, 2), (120, 6), (336, 17), (888, 2))),
    "regnet_y_3_2gf": (24, ((72, 2), (216, 5), (576, 13), (1512, 1))),
    "regnet_y_8gf": (56, ((224, 2), (448, 4), (896, 10), (2016, 1))),
    "regnet_y_16gf": (112, ((224, 2), (448, 4), (1232, 11), (3024, 1))),
    "regnet_y_32gf": (232, ((232, 2), (696, 5), (1392, 12), (3712, 1))),
    "regnet_y_128gf": (264, ((528, 2), (1056, 7), (2904, 17), (7392, 1))),
    "regnet_x_400mf": (16, ((32, 1), (64, 2), (160, 7), (400, 12))),
    "regnet_x_800mf": (16, ((64, 1), (128, 3), (288, 7), (672, 5))),
    "regnet_x_1_6gf": (24, ((72, 2), (168, 4), (408, 10), (912, 2))),
    "regnet_x_3_2gf": (48, ((96, 2), (192, 6), (432, 15), (1008, 2))),
    "regnet_x_8gf": (120, ((80, 2), (240, 5), (720, 15), (1920, 1))),
    "regnet_x_16gf": (128, ((256, 2), (512, 6), (896, 13), (2048, 1))),
    "regnet_x_32gf": (168, ((336, 2), (672, 7), (1344, 13), (2520, 1))),
}


def regnet(name: str, classes: int) -> Network:
    """Return a RegNet; those called ``regnet_y`` have gates."""
    group_width, stages = REGNETS[name]
    has_gates = name.startswith("regnet_y")
    parts: list[Network] = [normalized_conv(STEM_CHANNELS, 3, stride=2)]
    channels = STEM_CHANNELS
    for out, blocks in stages:
        groups = out // min(group_width, out)
        for index in range(blocks):
            squeezed = round(channels / 4) if has_gates else 0
            stride = 1 if index else 2
            main = _build_main_path(out, groups, stride, squeezed)
            changes = channels != out or stride > 1
            shortcut = normalized_conv(out, 1, None, stride=stride) if changes else None
            parts.append(network(residual(main, shortcut=shortcut), relu()))
            channels = out
    return network(*parts, pooled_classifier(classes))


def _build_main_path(out: int, groups: int, stride: int, squeezed: int) -> Network:
    """Return the convolutions of a block; the gate, if any, squeezes to *squeezed* channels."""
    gates = [squeeze_excitation_gate(out, squeezed, relu, sigmoid)] if squeezed else []
    return network(
        normalized_conv(out, 1),
        normalized_conv(out, 3, stride=stride, groups=groups),
        *gates,
        normalized_conv(out, 1, None),
    )
