"""Published networks by name, as graphs of layers, in the released form or that of the paper."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, TypeAlias

from grader.book import Solver
from grader.errors import SolverError
from problems.network.changes import declared
from problems.network.graphs import Network
from problems.network.published import mobile, parallel, plain, residual
from problems.solvers.bounds import Shape, whole

__all__ = ["NAMED", "SOLVERS", "Published", "built", "named"]

KEPT: Final = 64
MAX_CLASSES: Final = 1_000_000

Builder: TypeAlias = Callable[[int], Network]


@dataclass(frozen=True, slots=True)
class Published:
    """A published network: what builds it for a number of classes, and the image it takes.

    *paper* is the form of its paper, where the released one, such as torchvision's, differs;
    *paper_image* what that form takes.
    """

    released: Builder
    image: Shape = (3, 224, 224)
    classes: int = 1000
    paper: Builder | None = None
    paper_image: Shape | None = None


def _resnet(plan: residual.Resnet) -> Published:
    build = partial(residual.resnet, plan)
    early = partial(residual.resnet, plan, early_stride=True)
    return Published(build, paper=early if plan.bottleneck else None)


def _vgg(depth: int) -> dict[str, Published]:
    return {
        f"vgg{depth}": Published(partial(plain.vgg, depth)),
        f"vgg{depth}_bn": Published(partial(plain.vgg, depth, normalised=True)),
    }


def _squeezenet(stem: tuple[int, int], pools: tuple[int, int]) -> Published:
    return Published(partial(mobile.squeezenet, stem, pools))


NAMED: Final[Mapping[str, Published]] = {
    "lenet5": Published(
        plain.lenet5,
        image=(1, 28, 28),
        classes=10,
        paper=plain.lenet5_of_the_paper,
        paper_image=(1, 32, 32),
    ),
    "alexnet": Published(plain.alexnet, paper=plain.alexnet_of_the_paper),
    **_vgg(11),
    **_vgg(13),
    **_vgg(16),
    **_vgg(19),
    "googlenet": Published(parallel.googlenet, paper=parallel.googlenet_of_the_paper),
    **{name: _resnet(plan) for name, plan in residual.RESNETS.items()},
    **{
        name: Published(partial(residual.densenet, plan))
        for name, plan in residual.DENSENETS.items()
    },
    "squeezenet1_0": _squeezenet((96, 7), (3, 7)),
    "squeezenet1_1": _squeezenet((64, 3), (2, 4)),
    "mobilenet_v2": Published(mobile.mobilenet_v2),
    "mobilenet_v3_large": Published(mobile.mobilenet_v3_large),
    "efficientnet_b0": Published(mobile.efficientnet_b0),
    "unet": Published(
        partial(parallel.unet, padding=1),
        image=(1, 256, 256),
        classes=2,
        paper=partial(parallel.unet, padding=0),
        paper_image=(1, 572, 572),
    ),
    "yolov3": Published(parallel.yolov3, image=(3, 416, 416), classes=80),
}


def named(name: str, *, classes: int | None = None, form: str = "released") -> Network:
    """Return the published network of that *name*; an unknown name is a `SolverError`.

    *classes* replaces the number that the last layer tells apart. The *form* is ``released``, as
    torchvision or the authors have it, or ``paper``, where the two differ: AlexNet in two groups,
    bottlenecks of ResNet with the stride first, GoogLeNet with 5×5 kernels and biases, LeNet-5 of
    1998, U-Net without padding.

    >>> str(named("vgg16").layers[0])
    'convolution 3×3, 64 filters, stride 1, padding 1'
    """
    if name not in NAMED:
        raise SolverError(f"name must be one of {', '.join(NAMED)}, not {name}")
    number = NAMED[name].classes if classes is None else whole(classes, "classes")
    if number > MAX_CLASSES:
        raise SolverError(f"classes must be at most {MAX_CLASSES}, not {number}")
    return built(name, number, form)


@lru_cache(maxsize=KEPT)
def built(name: str, classes: int, form: str) -> Network:
    """Return the network, each layer with the channels that it takes."""
    published = NAMED[name]
    if form == "released":
        return declared(published.released(classes), published.image)
    if form == "paper" and published.paper:
        return declared(published.paper(classes), published.paper_image or published.image)
    known = "released or paper" if published.paper else "released"
    raise SolverError(f"the form of {name} is {known}, not {form}")


SOLVERS: Final[tuple[Solver, ...]] = (named,)
