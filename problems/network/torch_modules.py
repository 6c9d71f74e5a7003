"""What the classes of torchvision do with their children, which a printed module does not show.

A class counts as torchvision's if its children have the names that they have there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from problems.network.build import (
    branches,
    flatten,
    gate,
    global_avg_pool,
    network,
    relu,
    residual,
    skip,
)
from problems.network.graphs import CountOnly, Network
from problems.network.layers import Conv, Layer, Linear

__all__ = ["INSIDE", "OUTERMOST", "Assembled", "Children", "matching"]

Children: TypeAlias = Mapping[str, Network]
Assembled: TypeAlias = Callable[[Children], Network]


@dataclass(frozen=True, slots=True)
class Known:
    """A class of torchvision: the names of its children in order, and the network they make.

    A name that ends with ``?`` may be missing.
    """

    names: tuple[str, ...]
    assembled: Assembled

    def fits(self, names: tuple[str, ...]) -> bool:
        """Tell whether the children are those of the class."""
        known = [name.removesuffix("?") for name in self.names if name.removesuffix("?") in names]
        needed = {name for name in self.names if not name.endswith("?")}
        return tuple(known) == names and needed <= set(names)


def _in_order(children: Children) -> Network:
    """Return the children one after the other."""
    return network(*children.values())


def matching(
    table: Mapping[str, tuple[Known, ...]], kind: str, children: Children
) -> Assembled | None:
    """Return what makes the network of a class called *kind*, or None for other children."""
    names = tuple(children)
    return next((known.assembled for known in table.get(kind, ()) if known.fits(names)), None)


def _basic_block(of: Children) -> Network:
    main = network(*(of[name] for name in ("conv1", "bn1", "relu", "conv2", "bn2")))
    return network(residual(main, shortcut=of.get("downsample")), of["relu"])


def _bottleneck(of: Children) -> Network:
    first = (of["conv1"], of["bn1"], of["relu"], of["conv2"], of["bn2"], of["relu"])
    main = network(*first, of["conv3"], of["bn3"])
    return network(residual(main, shortcut=of.get("downsample")), of["relu"])


def _added_if_it_fits(of: Children) -> Network:
    """Return the block, added to its input where that has its shape: as inverted blocks do."""
    main = _in_order(of)
    convs = [layer for layer in main.layers if isinstance(layer, Conv)]
    same = convs and convs[0].in_channels == convs[-1].out_channels
    keeps = all(layer.stride == (1, 1) for layer in convs)
    return network(residual(main)) if same and keeps else main


def _squeeze_excitation(of: Children) -> Network:
    names = ("avgpool", "fc1", "activation", "fc2", "scale_activation")
    return network(gate(network(*(of[name] for name in names))))


def _fire(of: Children) -> Network:
    small = network(of["expand1x1"], of["expand1x1_activation"])
    large = network(of["expand3x3"], of["expand3x3_activation"])
    return network(of["squeeze"], of["squeeze_activation"], branches(small, large))


def _scaled_block(of: Children) -> Network:
    """Return the block of ConvNeXt, which scales each channel by another number."""
    linear = [layer for layer in of["block"].layers if isinstance(layer, Linear)]
    scales = linear[-1].out_features if linear else 0
    return network(CountOnly(tuple(of.values()), scales, "a CNBlock turns the axes round"))


def _flattened_before(name: str) -> Assembled:
    """Return what puts the children in order, flattened before the child of that *name*."""

    def assembled(of: Children) -> Network:
        before = [flatten()] if name in of else []
        parts = [network(*before, part) if child == name else part for child, part in of.items()]
        return network(*parts)

    return assembled


def _pooled(*between: Layer) -> Assembled:
    """Return what puts *between*, a global mean and a flatten between features and classifier."""
    return lambda of: network(
        of["features"], *between, global_avg_pool(), flatten(), of["classifier"]
    )


DENSE: Final = ("norm1", "relu1", "conv1", "norm2", "relu2", "conv2")
FIRE: Final = (
    *("squeeze", "squeeze_activation"),
    *("expand1x1", "expand1x1_activation", "expand3x3", "expand3x3_activation"),
)
GOOGLENET: Final = (
    *("conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3"),
    *(f"inception4{letter}" for letter in "abcde"),
    *("maxpool4", "inception5a", "inception5b", "avgpool", "dropout", "fc"),
)
RESNET: Final = ("conv1", "bn1", "relu", "maxpool", *(f"layer{n}" for n in range(1, 5)), "avgpool")
FEATURES: Final = Known(("features", "avgpool", "classifier"), _flattened_before("classifier"))

# Classes that stand inside of others.
INSIDE: Final[Mapping[str, tuple[Known, ...]]] = {
    "BasicBlock": (Known(("conv1", "bn1", "relu", "conv2", "bn2", "downsample?"), _basic_block),),
    "BasicConv2d": (Known(("conv", "bn"), lambda of: network(_in_order(of), relu())),),
    "Bottleneck": (
        Known(("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "relu", "downsample?"), _bottleneck),
    ),
    "CNBlock": (Known(("block", "stochastic_depth"), _scaled_block),),
    "Fire": (Known(FIRE, _fire),),
    "Inception": (
        Known(
            ("branch1", "branch2", "branch3", "branch4"),
            lambda of: network(branches(*of.values())),
        ),
    ),
    "InvertedResidual": (
        Known(("conv",), _added_if_it_fits),
        Known(("block",), _added_if_it_fits),
    ),
    "MBConv": (Known(("block", "stochastic_depth"), _added_if_it_fits),),
    "SqueezeExcitation": (
        Known(("avgpool", "fc1", "fc2", "activation", "scale_activation"), _squeeze_excitation),
    ),
    "_DenseLayer": (Known(DENSE, lambda of: network(skip(_in_order(of)))),),
    "_Transition": (Known(("norm", "relu", "conv", "pool"), _in_order),),
}

# Classes of whole networks.
OUTERMOST: Final[Mapping[str, tuple[Known, ...]]] = {
    "AlexNet": (FEATURES,),
    "DenseNet": (Known(("features", "classifier"), _pooled(*network(relu()).layers)),),
    "EfficientNet": (FEATURES,),
    "GoogLeNet": (Known(GOOGLENET, _flattened_before("dropout")),),
    "MobileNetV2": (Known(("features", "classifier"), _pooled()),),
    "MobileNetV3": (FEATURES,),
    "ResNet": (Known((*RESNET, "fc"), _flattened_before("fc")),),
    "SqueezeNet": (
        Known(("features", "classifier"), lambda of: network(_in_order(of), flatten())),
    ),
    "VGG": (FEATURES,),
}
