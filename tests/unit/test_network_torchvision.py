"""Tests of printed torchvision classes, whose connections between children are known.

The printed text is written out here, following the sources of torchvision.
"""

import pytest

from grader.errors import SolverError
from problems.network.counts import depth, network_shape, total_macs, total_params
from problems.network.published.catalog import named
from problems.network.pytorch.module_parser import torch_module

IMAGE = (3, 224, 224)


def module(kind, /, **children):
    """Return the printed lines of a module; a child is a line or a list of lines."""
    lines = [f"{kind}("]
    for name, child in children.items():
        first, *rest = [child] if isinstance(child, str) else child
        lines += [f"  ({name.removeprefix('_')}): {first}", *(f"  {line}" for line in rest)]
    return [*lines, ")"]


def sequential(*children, kind="Sequential"):
    return module(kind, **{f"_{at}": child for at, child in enumerate(children)})


def conv(into, out, kernel, *, stride=1, groups=1, bias=False):
    """Return the printed line of a convolution with padding ``kernel // 2``."""
    words = [f"{into}, {out}, kernel_size=({kernel}, {kernel}), stride=({stride}, {stride})"]
    words += [f"padding=({kernel // 2}, {kernel // 2})"] * (kernel > 1)
    words += [f"groups={groups}"] * (groups > 1) + ["bias=False"] * (not bias)
    return f"Conv2d({', '.join(words)})"


def norm(channels):
    return (
        f"BatchNorm2d({channels}, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"
    )


def pool(kernel, stride, padding=0, *, ceil=False):
    return (
        f"MaxPool2d(kernel_size={kernel}, stride={stride}, padding={padding}, dilation=1,"
        f" ceil_mode={ceil})"
    )


RELU = "ReLU(inplace=True)"
MEAN = "AdaptiveAvgPool2d(output_size=(1, 1))"
DROPOUT = "Dropout(p=0.5, inplace=False)"


def linear(into, out):
    return f"Linear(in_features={into}, out_features={out}, bias=True)"


def resnet(counts, *, bottleneck):
    layers, into = {}, 64
    for stage, count in enumerate(counts):
        width, blocks = 64 * 2**stage, []
        out = width * (4 if bottleneck else 1)
        for index in range(count):
            stride = 2 if stage and not index else 1
            children = {}
            if stride == 2 or into != out:
                projection = conv(into, out, 1, stride=stride)
                children = {"downsample": sequential(projection, norm(out))}
            make = bottleneck_of if bottleneck else basic_of
            blocks.append(make(into, width, stride, children))
            into = out
        layers[f"layer{stage + 1}"] = sequential(*blocks)
    stem = {"conv1": conv(3, 64, 7, stride=2), "bn1": norm(64), "relu": RELU}
    stem["maxpool"] = pool(3, 2, 1)
    return module("ResNet", **stem, **layers, avgpool=MEAN, fc=linear(into, 1000))


def basic_of(into, width, stride, more):
    convs = {"conv1": conv(into, width, 3, stride=stride), "bn1": norm(width), "relu": RELU}
    last = {"conv2": conv(width, width, 3), "bn2": norm(width)}
    return module("BasicBlock", **convs, **last, **more)


def bottleneck_of(into, width, stride, more):
    convs = {"conv1": conv(into, width, 1), "bn1": norm(width)}
    convs |= {"conv2": conv(width, width, 3, stride=stride), "bn2": norm(width)}
    convs |= {"conv3": conv(width, 4 * width, 1), "bn3": norm(4 * width), "relu": RELU}
    return module("Bottleneck", **convs, **more)


def mobilenet_v2():
    def normed(*geometry, **options):
        layer = conv(*geometry, **options)
        kind = "Conv2dNormActivation"
        return sequential(layer, norm(geometry[1]), "ReLU6(inplace=True)", kind=kind)

    features, into = [normed(3, 32, 3, stride=2)], 32
    plan = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)]
    for wider, out, times, first in [*plan, (6, 160, 3, 2), (6, 320, 1, 1)]:
        for index in range(times):
            middle, stride = wider * into, first if not index else 1
            widened = [normed(into, middle, 1)] if wider > 1 else []
            deep = normed(middle, middle, 3, stride=stride, groups=middle)
            inner = sequential(*widened, deep, conv(middle, out, 1), norm(out))
            features.append(module("InvertedResidual", conv=inner))
            into = out
    features.append(normed(320, 1280, 1))
    head = sequential("Dropout(p=0.2, inplace=False)", linear(1280, 1000))
    return module("MobileNetV2", features=sequential(*features), classifier=head)


def densenet121():
    features = {"conv0": conv(3, 64, 7, stride=2), "norm0": norm(64), "relu0": RELU}
    features["pool0"] = pool(3, 2, 1)
    into = 64
    for number, count in enumerate((6, 12, 24, 16), 1):
        layers = {}
        for index in range(1, count + 1):
            first = {"norm1": norm(into), "relu1": RELU, "conv1": conv(into, 128, 1)}
            then = {"norm2": norm(128), "relu2": RELU, "conv2": conv(128, 32, 3)}
            layers[f"denselayer{index}"] = module("_DenseLayer", **first, **then)
            into += 32
        features[f"denseblock{number}"] = module("_DenseBlock", **layers)
        if number < 4:
            halved = {"norm": norm(into), "relu": RELU, "conv": conv(into, into // 2, 1)}
            halved["pool"] = "AvgPool2d(kernel_size=2, stride=2, padding=0)"
            features[f"transition{number}"] = module("_Transition", **halved)
            into //= 2
    features["norm5"] = norm(into)
    inside = module("Sequential", **features)
    return module("DenseNet", features=inside, classifier=linear(into, 1000))


def squeezenet1_1():
    def fire(into, small):
        wide = 4 * small
        return module(
            "Fire",
            squeeze=conv(into, small, 1, bias=True),
            squeeze_activation=RELU,
            expand1x1=conv(small, wide, 1, bias=True),
            expand1x1_activation=RELU,
            expand3x3=conv(small, wide, 3, bias=True),
            expand3x3_activation=RELU,
        )

    pooled = pool(3, 2, ceil=True)
    features = ["Conv2d(3, 64, kernel_size=(3, 3), stride=(2, 2))", RELU, pooled]
    features += [fire(64, 16), fire(128, 16), pooled, fire(128, 32), fire(256, 32), pooled]
    features += [fire(256, 48), fire(384, 48), fire(384, 64), fire(512, 64)]
    head = sequential(DROPOUT, conv(512, 1000, 1, bias=True), RELU, MEAN)
    return module("SqueezeNet", features=sequential(*features), classifier=head)


def googlenet():
    def basic(into, out, kernel, stride=1):
        layer = {"conv": conv(into, out, kernel, stride=stride)}
        bn = f"BatchNorm2d({out}, eps=0.001, momentum=0.1, affine=True, track_running_stats=True)"
        return module("BasicConv2d", **layer, bn=bn)

    def inception(into, *widths):
        one, small_3, three, small_5, five, pooled = widths
        return module(
            "Inception",
            branch1=basic(into, one, 1),
            branch2=sequential(basic(into, small_3, 1), basic(small_3, three, 3)),
            branch3=sequential(basic(into, small_5, 1), basic(small_5, five, 3)),
            branch4=sequential(pool(3, 1, 1, ceil=True), basic(into, pooled, 1)),
        )

    return module(
        "GoogLeNet",
        conv1=basic(3, 64, 7, 2),
        maxpool1=pool(3, 2, ceil=True),
        conv2=basic(64, 64, 1),
        conv3=basic(64, 192, 3),
        maxpool2=pool(3, 2, ceil=True),
        inception3a=inception(192, 64, 96, 128, 16, 32, 32),
        inception3b=inception(256, 128, 128, 192, 32, 96, 64),
        maxpool3=pool(3, 2, ceil=True),
        inception4a=inception(480, 192, 96, 208, 16, 48, 64),
        inception4b=inception(512, 160, 112, 224, 24, 64, 64),
        inception4c=inception(512, 128, 128, 256, 24, 64, 64),
        inception4d=inception(512, 112, 144, 288, 32, 64, 64),
        inception4e=inception(528, 256, 160, 320, 32, 128, 128),
        maxpool4=pool(2, 2, ceil=True),
        inception5a=inception(832, 256, 160, 320, 32, 128, 128),
        inception5b=inception(832, 384, 192, 384, 48, 128, 128),
        aux1="None",
        aux2="None",
        avgpool=MEAN,
        dropout="Dropout(p=0.2, inplace=False)",
        fc=linear(1024, 1000),
    )


def vgg11():
    features, into = [], 3
    for width, times in ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)):
        for _ in range(times):
            features += [conv(into, width, 3, bias=True), RELU]
            into = width
        features.append(pool(2, 2))
    dense = [linear(25088, 4096), RELU, DROPOUT, linear(4096, 4096), RELU, DROPOUT]
    return module(
        "VGG",
        features=sequential(*features),
        avgpool="AdaptiveAvgPool2d(output_size=(7, 7))",
        classifier=sequential(*dense, linear(4096, 1000)),
    )


PRINTS = {
    "resnet18": resnet((2, 2, 2, 2), bottleneck=False),
    "resnet50": resnet((3, 4, 6, 3), bottleneck=True),
    "mobilenet_v2": mobilenet_v2(),
    "densenet121": densenet121(),
    "squeezenet1_1": squeezenet1_1(),
    "googlenet": googlenet(),
    "vgg11": vgg11(),
}


@pytest.mark.parametrize("name", PRINTS)
def test_torchvision_printout_has_the_figures_of_the_named_network(name):
    printed, net = torch_module("\n".join(PRINTS[name])), named(name)
    assert total_params(printed) == total_params(printed, IMAGE) == total_params(net)
    assert total_params(printed, trainable=False) == total_params(net, trainable=False)
    assert total_macs(printed, IMAGE) == total_macs(net, IMAGE)
    assert network_shape(printed, IMAGE) == (1000,)
    assert depth(printed) == depth(net)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet121", "squeezenet1_1"])
def test_torchvision_printout_parses_to_the_identical_named_network(name):
    assert torch_module("\n".join(PRINTS[name])) == named(name)


def test_squeeze_excitation_and_inverted_residual_blocks_are_parsed_in_place():
    """The second block of EfficientNet's third stage, and the layers before it."""
    act = "SiLU(inplace=True)"
    kind = "Conv2dNormActivation"
    squeeze = module(
        "SqueezeExcitation",
        avgpool="AdaptiveAvgPool2d(output_size=1)",
        fc1=conv(240, 10, 1, bias=True),
        fc2=conv(10, 240, 1, bias=True),
        activation=act,
        scale_activation="Sigmoid()",
    )
    block = sequential(
        sequential(conv(40, 240, 1), norm(240), act, kind=kind),
        sequential(conv(240, 240, 5, groups=240), norm(240), act, kind=kind),
        squeeze,
        sequential(conv(240, 40, 1), norm(40), kind=kind),
    )
    depthwise = module("MBConv", block=block, stochastic_depth="StochasticDepth(p=0.05, mode=row)")
    printed = torch_module("\n".join(sequential(depthwise)))
    found = named("efficientnet_b0")
    blocks = [layer for layer in found.layers if type(layer).__name__ == "Residual"]
    assert total_params(printed) == total_params(type(found)((blocks[1],)))
    assert network_shape(printed, (40, 28, 28)) == (40, 28, 28)


@pytest.mark.parametrize(("stride", "out", "fits"), [(1, 8, True), (1, 9, False), (2, 8, False)])
def test_inverted_residual_adds_its_input_only_if_shapes_match(stride, out, fits):
    inner = sequential(conv(8, 16, 3, stride=stride), RELU, conv(16, out, 1))
    text = "\n".join(sequential(module("InvertedResidual", conv=inner)))
    assert str(torch_module(text)).startswith("residual block") is fits


def test_class_with_other_children_is_not_parsed_as_torchvision_block():
    own = module("BasicBlock", conv1=conv(8, 8, 3), shortcut="Sequential()")
    net = torch_module("\n".join(module("Net", block=own)))
    assert total_params(net) == 576
    with pytest.raises(SolverError, match="not those of torchvision's BasicBlock"):
        network_shape(net, IMAGE)
    whole = module("ResNet", first=conv(3, 8, 3), second=conv(8, 4, 3))
    assert network_shape(torch_module("\n".join(whole)), IMAGE) == (4, 224, 224)


def test_auxiliary_classifiers_are_rejected():
    with_aux = [
        line.replace("aux1): None", "aux1): InceptionAux()") for line in PRINTS["googlenet"]
    ]
    with pytest.raises(SolverError, match="InceptionAux is not a known layer"):
        torch_module("\n".join(with_aux))
