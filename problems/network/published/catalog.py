"""Published networks by name, as graphs of layers, in released or paper form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver
from problems.network.graphs import Network
from problems.network.published import (
    efficientnets,
    inception,
    mobile,
    parallel,
    plain,
    regnets,
    residual,
    shuffled,
)
from problems.network.transforms import declare_input_sizes
from problems.solvers.bounds import Shape, as_integer

MAX_CACHED_NETWORKS: Final = 64
MAX_CLASSES: Final = 1_000_000

NetworkBuilder: TypeAlias = Callable[[int], Network]


@dataclass(frozen=True, slots=True)
class PublishedNetwork:
    """A published network: its builder and the defaults for input shape and classes.

    A builder takes the number of classes. *paper* builds the form of the paper if the
    *released* one, such as torchvision's, differs; *paper_image* is the input shape of
    that form.
    """

    released: NetworkBuilder
    image: Shape = (3, 224, 224)
    classes: int = 1000
    paper: NetworkBuilder | None = None
    paper_image: Shape | None = None


def _build_resnet_entry(config: residual.ResnetConfig) -> PublishedNetwork:
    build = partial(residual.resnet, config)
    early = partial(residual.resnet, config, early_stride=True)
    return PublishedNetwork(build, paper=early if config.bottleneck else None)


def _build_vgg_entries(depth: int) -> dict[str, PublishedNetwork]:
    return {
        f"vgg{depth}": PublishedNetwork(partial(plain.vgg, depth)),
        f"vgg{depth}_bn": PublishedNetwork(partial(plain.vgg, depth, normalised=True)),
    }


def _build_squeezenet_entry(stem: tuple[int, int], pools: tuple[int, int]) -> PublishedNetwork:
    return PublishedNetwork(partial(mobile.squeezenet, stem, pools))


def _build_family_entries(
    build: Callable[[str, int], Network], names: Iterable[str]
) -> dict[str, PublishedNetwork]:
    """Return the networks of a family whose builder takes the name."""
    return {name: PublishedNetwork(partial(build, name)) for name in names}


def _build_efficientnet_entries(
    build: Callable[[str, int], Network], table: Mapping[str, tuple[object, object, int]]
) -> dict[str, PublishedNetwork]:
    """Return EfficientNets; the last entry of a row of *table* is the side of the image."""
    return {
        name: PublishedNetwork(partial(build, name), image=(3, side, side))
        for name, (_, _, side) in table.items()
    }


PUBLISHED_NETWORKS: Final[Mapping[str, PublishedNetwork]] = {
    "lenet5": PublishedNetwork(
        plain.lenet5,
        image=(1, 28, 28),
        classes=10,
        paper=plain.paper_lenet5,
        paper_image=(1, 32, 32),
    ),
    "alexnet": PublishedNetwork(plain.alexnet, paper=plain.paper_alexnet),
    **_build_vgg_entries(11),
    **_build_vgg_entries(13),
    **_build_vgg_entries(16),
    **_build_vgg_entries(19),
    "googlenet": PublishedNetwork(parallel.googlenet, paper=parallel.paper_googlenet),
    **{name: _build_resnet_entry(plan) for name, plan in residual.RESNETS.items()},
    **{
        name: PublishedNetwork(partial(residual.densenet, plan))
        for name, plan in residual.DENSENETS.items()
    },
    "squeezenet1_0": _build_squeezenet_entry((96, 7), (3, 7)),
    "squeezenet1_1": _build_squeezenet_entry((64, 3), (2, 4)),
    "mobilenet_v2": PublishedNetwork(mobile.mobilenet_v2),
    **_build_family_entries(mobile.mobilenet_v3, mobile.MOBILENET_V3_BLOCKS),
    **_build_family_entries(shuffled.mnasnet, shuffled.MNASNETS),
    **_build_family_entries(shuffled.shufflenet_v2, shuffled.SHUFFLENETS),
    **_build_family_entries(regnets.regnet, regnets.REGNETS),
    **_build_efficientnet_entries(efficientnets.efficientnet, efficientnets.SCALINGS),
    **_build_efficientnet_entries(efficientnets.efficientnet_v2, efficientnets.V2_STAGES),
    "inception_v3": PublishedNetwork(inception.inception_v3, image=(3, 299, 299)),
    "unet": PublishedNetwork(
        partial(parallel.unet, padding=1),
        image=(1, 256, 256),
        classes=2,
        paper=partial(parallel.unet, padding=0),
        paper_image=(1, 572, 572),
    ),
    "yolov3": PublishedNetwork(parallel.yolov3, image=(3, 416, 416), classes=80),
}


def named(name: str, *, classes: int | None = None, form: str = "released") -> Network:
    """Return the published network called *name*; an unknown name is a `SolverError`.

    *classes* replaces the number of classes of the last layer. *form* is ``released``,
    as in torchvision or the authors' code, or ``paper``, where the two differ: AlexNet
    in two groups, ResNet bottlenecks with the stride in the first convolution,
    GoogLeNet with 5×5 kernels and biases, LeNet-5 of 1998, U-Net without padding.

    >>> str(named("vgg16").layers[0])
    'convolution 3×3, 64 filters, stride 1, padding 1'
    """
    if name not in PUBLISHED_NETWORKS:
        raise SolverError(f"name must be one of {', '.join(PUBLISHED_NETWORKS)}, not {name}")
    number = PUBLISHED_NETWORKS[name].classes if classes is None else as_integer(classes, "classes")
    if number > MAX_CLASSES:
        raise SolverError(f"classes must be at most {MAX_CLASSES}, not {number}")
    return build_published(name, number, form)


@lru_cache(maxsize=MAX_CACHED_NETWORKS)
def build_published(name: str, classes: int, form: str) -> Network:
    """Return the network, with the input channels of each layer declared.

    Raises `SolverError` for an unknown form. Results are cached.
    """
    published = PUBLISHED_NETWORKS[name]
    if form == "released":
        return declare_input_sizes(published.released(classes), published.image)
    if form == "paper" and published.paper:
        return declare_input_sizes(
            published.paper(classes), published.paper_image or published.image
        )
    known = "released or paper" if published.paper else "released"
    raise SolverError(f"the form of {name} is {known}, not {form}")


SOLVERS: Final[tuple[Solver, ...]] = (named,)
