"""How torchvision's classes connect their children, which a printed module omits.

A class counts as torchvision's if its children have the names that torchvision gives
them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from problems.network.constructors.all_constructors import (
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

Children: TypeAlias = Mapping[str, Network]
Assembler: TypeAlias = Callable[[Children], Network]


@dataclass(frozen=True, slots=True)
class TorchvisionClass:
    """A torchvision class: the ordered names of its children, and how to assemble them.

    A name that ends in ``?`` is optional.
    """

    child_names: tuple[str, ...]
    assemble: Assembler

    def matches(self, names: tuple[str, ...]) -> bool:
        """Return whether *names* are the children of this class, in order."""
        known = [
            name.removesuffix("?") for name in self.child_names if name.removesuffix("?") in names
        ]
        needed = {name for name in self.child_names if not name.endswith("?")}
        return tuple(known) == names and needed <= set(names)


def _assemble_in_order(children: Children) -> Network:
    return network(*children.values())


def find_assembler(
    table: Mapping[str, tuple[TorchvisionClass, ...]], kind: str, children: Children
) -> Assembler | None:
    """Return the assembler for a class called *kind*, or None if *children* do not match."""
    names = tuple(children)
    return next((known.assemble for known in table.get(kind, ()) if known.matches(names)), None)


def _assemble_basic_block(children: Children) -> Network:
    main = network(*(children[name] for name in ("conv1", "bn1", "relu", "conv2", "bn2")))
    return network(residual(main, shortcut=children.get("downsample")), children["relu"])


def _assemble_bottleneck(children: Children) -> Network:
    first = (
        children["conv1"],
        children["bn1"],
        children["relu"],
        children["conv2"],
        children["bn2"],
        children["relu"],
    )
    main = network(*first, children["conv3"], children["bn3"])
    return network(residual(main, shortcut=children.get("downsample")), children["relu"])


def _assemble_inverted_residual(children: Children) -> Network:
    """Return an inverted residual block, added to its input if it keeps the shape."""
    main = _assemble_in_order(children)
    convs = [layer for layer in main.layers if isinstance(layer, Conv)]
    same_channels = convs and convs[0].in_channels == convs[-1].out_channels
    same_size = all(layer.stride == (1, 1) for layer in convs)
    return network(residual(main)) if same_channels and same_size else main


def _assemble_squeeze_excitation(children: Children) -> Network:
    names = ("avgpool", "fc1", "activation", "fc2", "scale_activation")
    return network(gate(network(*(children[name] for name in names))))


def _assemble_fire(children: Children) -> Network:
    small = network(children["expand1x1"], children["expand1x1_activation"])
    large = network(children["expand3x3"], children["expand3x3_activation"])
    return network(children["squeeze"], children["squeeze_activation"], branches(small, large))


def _assemble_convnext_block(children: Children) -> Network:
    """Return a ConvNeXt block, whose own parameters are a scale per channel."""
    linear = [layer for layer in children["block"].layers if isinstance(layer, Linear)]
    scales = linear[-1].out_features if linear else 0
    return network(CountOnly(tuple(children.values()), scales, "a CNBlock turns the axes round"))


def _make_flattening_assembler(name: str) -> Assembler:
    """Return an assembler that flattens before the child called *name*."""

    def assemble(children: Children) -> Network:
        before = [flatten()] if name in children else []
        parts = [
            network(*before, part) if child == name else part for child, part in children.items()
        ]
        return network(*parts)

    return assemble


def _make_pooling_assembler(*between: Layer) -> Assembler:
    """Return an assembler that pools and flattens between features and classifier.

    The layers *between* come before the global average pooling.
    """
    return lambda children: network(
        children["features"], *between, global_avg_pool(), flatten(), children["classifier"]
    )


DENSE_LAYER_CHILDREN: Final = ("norm1", "relu1", "conv1", "norm2", "relu2", "conv2")
FIRE_CHILDREN: Final = (
    *("squeeze", "squeeze_activation"),
    *("expand1x1", "expand1x1_activation", "expand3x3", "expand3x3_activation"),
)
GOOGLENET_CHILDREN: Final = (
    *("conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3"),
    *(f"inception4{letter}" for letter in "abcde"),
    *("maxpool4", "inception5a", "inception5b", "avgpool", "dropout", "fc"),
)
RESNET_CHILDREN: Final = (
    "conv1",
    "bn1",
    "relu",
    "maxpool",
    *(f"layer{n}" for n in range(1, 5)),
    "avgpool",
)
FEATURES_CLASS: Final = TorchvisionClass(
    ("features", "avgpool", "classifier"), _make_flattening_assembler("classifier")
)

# Classes that occur only inside others.
INNER_CLASSES: Final[Mapping[str, tuple[TorchvisionClass, ...]]] = {
    "BasicBlock": (
        TorchvisionClass(
            ("conv1", "bn1", "relu", "conv2", "bn2", "downsample?"), _assemble_basic_block
        ),
    ),
    "BasicConv2d": (
        TorchvisionClass(
            ("conv", "bn"), lambda children: network(_assemble_in_order(children), relu())
        ),
    ),
    "Bottleneck": (
        TorchvisionClass(
            ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "relu", "downsample?"),
            _assemble_bottleneck,
        ),
    ),
    "CNBlock": (TorchvisionClass(("block", "stochastic_depth"), _assemble_convnext_block),),
    "Fire": (TorchvisionClass(FIRE_CHILDREN, _assemble_fire),),
    "Inception": (
        TorchvisionClass(
            ("branch1", "branch2", "branch3", "branch4"),
            lambda children: network(branches(*children.values())),
        ),
    ),
    "InvertedResidual": (
        TorchvisionClass(("conv",), _assemble_inverted_residual),
        TorchvisionClass(("block",), _assemble_inverted_residual),
    ),
    "MBConv": (TorchvisionClass(("block", "stochastic_depth"), _assemble_inverted_residual),),
    "SqueezeExcitation": (
        TorchvisionClass(
            ("avgpool", "fc1", "fc2", "activation", "scale_activation"),
            _assemble_squeeze_excitation,
        ),
    ),
    "_DenseLayer": (
        TorchvisionClass(
            DENSE_LAYER_CHILDREN, lambda children: network(skip(_assemble_in_order(children)))
        ),
    ),
    "_Transition": (TorchvisionClass(("norm", "relu", "conv", "pool"), _assemble_in_order),),
}

# Classes of whole networks.
OUTERMOST_CLASSES: Final[Mapping[str, tuple[TorchvisionClass, ...]]] = {
    "AlexNet": (FEATURES_CLASS,),
    "DenseNet": (
        TorchvisionClass(
            ("features", "classifier"), _make_pooling_assembler(*network(relu()).layers)
        ),
    ),
    "EfficientNet": (FEATURES_CLASS,),
    "GoogLeNet": (TorchvisionClass(GOOGLENET_CHILDREN, _make_flattening_assembler("dropout")),),
    "MobileNetV2": (TorchvisionClass(("features", "classifier"), _make_pooling_assembler()),),
    "MobileNetV3": (FEATURES_CLASS,),
    "ResNet": (TorchvisionClass((*RESNET_CHILDREN, "fc"), _make_flattening_assembler("fc")),),
    "SqueezeNet": (
        TorchvisionClass(
            ("features", "classifier"),
            lambda children: network(_assemble_in_order(children), flatten()),
        ),
    ),
    "VGG": (FEATURES_CLASS,),
}
