"""Tests of published networks, against the figures in their papers and libraries.

Parameters and GMACs are those of torchvision's model pages. YOLOv3's 65.86 billion
operations are Darknet's; the figures of AlexNet in two groups, LeNet-5 and GoogLeNet
with 5×5 kernels are those of the papers.
"""

import pytest

from grader.errors import SolverError
from problems.network.counts import (
    depth,
    network_shape,
    output_shapes,
    total_macs,
    total_params,
)
from problems.network.layers import SelectChannels
from problems.network.published.catalog import PUBLISHED_NETWORKS, named
from problems.solvers.receptive_field import receptive_field

IMAGE = (3, 224, 224)

# Name, parameters, GMACs for an image of 224 × 224, layers with weights on the longest path.
TORCHVISION = [
    ("alexnet", 61_100_840, "0.71", 8),
    ("vgg11", 132_863_336, "7.61", 11),
    ("vgg11_bn", 132_868_840, "7.61", 11),
    ("vgg13", 133_047_848, "11.31", 13),
    ("vgg13_bn", 133_053_736, "11.31", 13),
    ("vgg16", 138_357_544, "15.47", 16),
    ("vgg16_bn", 138_365_992, "15.47", 16),
    ("vgg19", 143_667_240, "19.63", 19),
    ("vgg19_bn", 143_678_248, "19.63", 19),
    ("googlenet", 6_624_904, "1.50", 22),
    ("resnet18", 11_689_512, "1.81", 18),
    ("resnet34", 21_797_672, "3.66", 34),
    ("resnet50", 25_557_032, "4.09", 50),
    ("resnet101", 44_549_160, "7.80", 101),
    ("resnet152", 60_192_808, "11.51", 152),
    ("resnext50_32x4d", 25_028_904, "4.23", 50),
    ("resnext101_32x8d", 88_791_336, "16.41", 101),
    ("wide_resnet50_2", 68_883_240, "11.40", 50),
    ("wide_resnet101_2", 126_886_696, "22.75", 101),
    ("densenet121", 7_978_856, "2.83", 121),
    ("densenet161", 28_681_000, "7.73", 161),
    ("densenet169", 14_149_480, "3.36", 169),
    ("densenet201", 20_013_928, "4.29", 201),
    ("squeezenet1_0", 1_248_424, "0.82", 18),
    ("squeezenet1_1", 1_235_496, "0.35", 18),
    ("mobilenet_v2", 3_504_872, "0.30", 53),
    ("mobilenet_v3_large", 5_483_032, "0.22", 64),
    ("efficientnet_b0", 5_288_548, "0.39", 82),
]

# Name, parameters, GMACs and the side of the image for which they are published.
TORCHVISION_BY_SIDE = [
    ("resnext101_64x4d", 83_455_272, "15.46", 224),
    ("inception_v3", 27_161_264, "5.713", 299),
    ("mobilenet_v3_small", 2_542_856, "0.057", 224),
    ("mnasnet0_5", 2_218_512, "0.104", 224),
    ("mnasnet0_75", 3_170_208, "0.215", 224),
    ("mnasnet1_0", 4_383_312, "0.314", 224),
    ("mnasnet1_3", 6_282_256, "0.526", 224),
    ("shufflenet_v2_x0_5", 1_366_792, "0.04", 224),
    ("shufflenet_v2_x1_0", 2_278_604, "0.145", 224),
    ("shufflenet_v2_x1_5", 3_503_624, "0.296", 224),
    ("shufflenet_v2_x2_0", 7_393_996, "0.583", 224),
    ("efficientnet_b1", 7_794_184, "0.69", 240),
    ("efficientnet_b2", 9_109_994, "1.09", 288),
    ("efficientnet_b3", 12_233_232, "1.83", 300),
    ("efficientnet_b4", 19_341_616, "4.39", 380),
    ("efficientnet_b5", 30_389_784, "10.27", 456),
    ("efficientnet_b6", 43_040_704, "19.07", 528),
    ("efficientnet_b7", 66_347_960, "37.75", 600),
    ("efficientnet_v2_s", 21_458_488, "8.37", 384),
    ("efficientnet_v2_m", 54_139_356, "24.58", 480),
    ("efficientnet_v2_l", 118_515_272, "56.08", 480),
    ("regnet_y_400mf", 4_344_144, "0.40", 224),
    ("regnet_y_800mf", 6_432_512, "0.83", 224),
    ("regnet_y_1_6gf", 11_202_430, "1.61", 224),
    ("regnet_y_3_2gf", 19_436_338, "3.18", 224),
    ("regnet_y_8gf", 39_381_472, "8.47", 224),
    ("regnet_y_16gf", 83_590_140, "15.91", 224),
    ("regnet_y_32gf", 145_046_770, "32.28", 224),
    ("regnet_y_128gf", 644_812_894, "127.52", 224),
    ("regnet_x_400mf", 5_495_976, "0.41", 224),
    ("regnet_x_800mf", 7_259_656, "0.80", 224),
    ("regnet_x_1_6gf", 9_190_136, "1.60", 224),
    ("regnet_x_3_2gf", 15_296_552, "3.18", 224),
    ("regnet_x_8gf", 39_572_648, "8.00", 224),
    ("regnet_x_16gf", 54_278_536, "15.94", 224),
    ("regnet_x_32gf", 107_811_560, "31.74", 224),
]
AUXILIARY_GIGAMACS = 0.005
"""Those of the auxiliary classifier of Inception-v3, which the model page leaves out."""


@pytest.mark.parametrize(("name", "parameters", "gigamacs", "side"), TORCHVISION_BY_SIDE)
def test_torchvision_network_matches_published_figures_for_its_image_size(
    name, parameters, gigamacs, side
):
    net, image = named(name), (3, side, side)
    assert total_params(net) == total_params(net, image) == parameters
    extra = AUXILIARY_GIGAMACS if name == "inception_v3" else 0
    assert total_macs(net, image) / 10**9 - extra == pytest.approx(float(gigamacs), abs=0.0051)
    assert network_shape(net, image) == (1000,)


@pytest.mark.parametrize(("name", "parameters", "gigamacs", "layers"), TORCHVISION)
def test_torchvision_network_matches_published_parameters_macs_and_depth(
    name, parameters, gigamacs, layers
):
    net = named(name)
    assert total_params(net) == total_params(net, IMAGE) == parameters
    assert f"{total_macs(net, IMAGE) / 10**9:.2f}" == gigamacs
    assert network_shape(net, IMAGE) == (1000,)
    assert depth(net) == layers


def test_every_named_network_has_published_figures():
    others = {"lenet5", "unet", "yolov3"}
    figures = {name for name, *_ in (*TORCHVISION, *TORCHVISION_BY_SIDE)}
    assert set(PUBLISHED_NETWORKS) == figures | others


def test_channel_shuffle_interleaves_branch_channels():
    shuffles = [
        layer.channels
        for layer in named("shufflenet_v2_x0_5").layers
        if isinstance(layer, SelectChannels)
    ]
    assert shuffles[0][:4] == (0, 24, 1, 25)
    assert all(sorted(order) == list(range(len(order))) for order in shuffles)


@pytest.mark.parametrize(
    ("name", "form", "image", "parameters", "after"),
    [
        ("lenet5", "released", (1, 28, 28), 61_706, (10,)),
        ("lenet5", "paper", (1, 32, 32), 60_000, (84,)),
        ("alexnet", "paper", IMAGE, 60_965_224, (1000,)),
        ("googlenet", "paper", IMAGE, 6_998_552, (1000,)),
        ("unet", "released", (1, 256, 256), 31_030_658, (2, 256, 256)),
        ("unet", "paper", (1, 572, 572), 31_030_658, (2, 388, 388)),
        ("resnet50", "paper", IMAGE, 25_557_032, (1000,)),
    ],
)
def test_each_form_of_a_network_has_its_published_parameter_count(
    name, form, image, parameters, after
):
    net = named(name, form=form)
    assert total_params(net) == total_params(net, image) == parameters
    assert network_shape(net, image) == after


def test_yolo_v3_has_three_heads_of_255_channels_and_10647_boxes():
    net = named("yolov3")
    heads = output_shapes(net, (3, 416, 416))
    assert heads == ((255, 13, 13), (255, 26, 26), (255, 52, 52))
    assert sum(3 * height * width for _, height, width in heads) == 10_647
    assert total_params(net) == 61_949_149
    assert total_params(net, trainable=False) == 62_001_757
    assert f"{2 * total_macs(net, (3, 416, 416)) / 10**9:.2f}" == "65.86"


def test_alexnet_paper_form_has_724_million_macs_and_unet_has_23_convolutions():
    assert round(total_macs(named("alexnet", form="paper"), IMAGE) / 10**6) == 724
    assert depth(named("unet")) == 23


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("alexnet", "released", 195),
        ("vgg16", "released", 212),
        ("resnet18", "released", 435),
        ("resnet50", "released", 427),
        ("resnet50", "paper", 483),
        ("resnet101", "paper", 1027),
        ("resnet152", "paper", 1507),
    ],
)
def test_named_network_has_its_published_receptive_field(name, form, field):
    """Sources: Araujo et al. (2019), table 1, and torchvision's placement of the stride."""
    assert receptive_field(named(name, form=form)) == field


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        ("vgg16", 10, 138_357_544 - 990 * 4097),
        ("resnet50", 10, 25_557_032 - 990 * 2049),
        ("squeezenet1_0", 10, 1_248_424 - 990 * 513),
        ("yolov3", 20, 61_949_149 - 180 * (1025 + 513 + 257)),
    ],
)
def test_class_count_changes_only_the_last_layer(name, classes, parameters):
    assert total_params(named(name, classes=classes)) == parameters


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ({"name": "vgg61"}, "name must be one of lenet5, alexnet"),
        ({"name": "vgg16", "form": "paper"}, "the form of vgg16 is released, not paper"),
        ({"name": "unet", "form": "padded"}, "the form of unet is released or paper"),
        ({"name": "unet", "classes": 0}, "classes must be from 1"),
        ({"name": "unet", "classes": 10**9}, "classes must be at most"),
    ],
)
def test_unknown_network_or_option_is_rejected_with_reason(call, reason):
    with pytest.raises(SolverError, match=reason):
        named(**call)


def test_named_networks_are_cached():
    assert named("resnet50") is named("resnet50")
    assert named("resnet50") != named("resnet50", form="paper")
