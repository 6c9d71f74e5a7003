"""The way to parameters after one step of an optimiser, and to what keeps weights small.

w are the parameters, g the gradient, eta the learning rate; m and v are what an optimiser keeps.
"""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula
from grader.values import Number, Tensor, Value, exact, is_number
from problems.solvers.adam import adam_moments, adam_step
from problems.solvers.exact_arrays import exact_array, exact_number
from problems.solvers.optimisers import momentum_step, momentum_velocity, sgd_step
from problems.solvers.regularisation import dropout_mean, dropout_values, weight_penalty
from problems.solvers.weight_decay import adamw_step
from problems.traces.tracing import counted_up, shown, tensor, tracers

__all__ = ["TRACERS"]

FEW_STEPS: Final = 16


def _value(cells: object, what: str) -> Value:
    """Return a number or an array as formulas take it."""
    found = exact_array(cells, what)
    return tensor(found) if found.ndim else exact(found.item())


def _rate(given: SimpleNamespace) -> Number:
    return exact(exact_number(given.lr, "lr"))


def _sgd(given: SimpleNamespace) -> Iterator[Step]:
    known = {"w": _value(given.param, "param"), "g": _value(given.grad, "grad")}
    decay = exact_number(given.weight_decay, "weight_decay")
    if not decay:
        yield Said("Down the gradient, as far as the learning rate says:")
        yield formula("w_new", "w - eta*g", **known, eta=_rate(given))
        return
    yield Said("Weight decay adds its share of the weights to the gradient:")
    decayed = formula("g_d", "g + lambda_w*w", **known, lambda_w=exact(decay))
    yield decayed
    known["g_d"] = decayed.value if decayed.value is not None else 0
    yield formula("w_new", "w - eta*g_d", **known, eta=_rate(given))


def _velocity(given: SimpleNamespace) -> Formula:
    """Return the formula of the new velocity."""
    dampening = exact(exact_number(given.dampening, "dampening"))
    fresh = "(1 - d)*g" if dampening else "g"
    return formula(
        "v_new",
        f"beta*v + {fresh}",
        beta=exact(exact_number(given.momentum, "momentum")),
        v=_value(given.velocity, "velocity"),
        g=_value(given.grad, "grad"),
        d=dampening,
    )


def _momentum_velocity(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The new velocity keeps a share of the old one and adds the gradient:")
    yield _velocity(given)


def _momentum(given: SimpleNamespace) -> Iterator[Step]:
    yield from _momentum_velocity(given)
    speed = _velocity(given).value
    known = {"w": _value(given.param, "param"), "v_new": 0 if speed is None else speed}
    if not given.nesterov:
        yield formula("w_new", "w - eta*v_new", **known, eta=_rate(given))
        return
    yield Said(
        "Nesterov's step looks ahead: the gradient, and once more the share of the velocity."
    )
    known["g"] = _value(given.grad, "grad")
    known["beta"] = exact(exact_number(given.momentum, "momentum"))
    yield formula("w_new", "w - eta*(g + beta*v_new)", **known, eta=_rate(given))


def _moments(given: SimpleNamespace) -> tuple[Formula, Formula]:
    """Return the formulas of the two new moments of Adam."""
    first, second = (exact(exact_number(beta, "beta")) for beta in given.betas)
    mean, square = adam_moments(given.grad, given.moments, betas=given.betas)
    known = {
        "g": _value(given.grad, "grad"),
        "m": _value(given.moments[0], "m"),
        "v": _value(given.moments[1], "v"),
        "beta_1": first,
        "beta_2": second,
    }
    one, two = "beta_1*m + (1 - beta_1)*g", "beta_2*v + (1 - beta_2)*g**2"
    return (
        formula("m_new", one, result=_value(mean, "m"), **known),
        formula("v_new", two, result=_value(square, "v"), **known),
    )


def _adam_moments(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Running means of the gradient and of its square:")
    yield from _moments(given)
    both = np.stack([np.asarray(moment, dtype=object) for moment in given.result])
    yield Array("(m, v)", tensor(both))


def _adam(given: SimpleNamespace) -> Iterator[Step]:
    yield from _adapted(given, "w")


def _adamw(given: SimpleNamespace) -> Iterator[Step]:
    decay = exact(exact_number(given.weight_decay, "weight_decay"))
    known = {"w": _value(given.param, "param"), "eta": _rate(given), "lambda_w": decay}
    kept = formula("w_d", "(1 - eta*lambda_w)*w", **known)
    yield Said("The weights decay by themselves, whatever the gradient is:")
    yield kept
    rate = exact_number(given.lr, "lr") * decay
    decayed = {**vars(given), "param": (1 - rate) * exact_array(given.param, "param")}
    yield from _adapted(SimpleNamespace(**decayed), "w_d")


def _adapted(given: SimpleNamespace, start: str) -> Iterator[Step]:
    """Yield the steps of Adam from the parameters, which are called *start*."""
    mean, square = _moments(given)
    yield Said("Running means of the gradient and of its square:")
    yield from (mean, square)
    yield Said(f"They began at 0; step {given.step} makes up for it:")
    known: dict[str, Value] = {}
    for number, (kept, beta) in enumerate(zip((mean, square), given.betas, strict=True), start=1):
        letter = kept.name[0]
        correction = _correction(number, beta, given.step)
        divided = _divided(kept.value, correction.number)
        names = {kept.name: kept.value or 0, correction.name: correction.number}
        yield correction
        yield formula(f"{letter}_c", f"{kept.name}/{correction.name}", result=divided, **names)
        known[f"{letter}_c"] = divided
    known[start] = _value(given.param, "param")
    known["eps"] = exact(exact_number(given.eps, "eps"))
    result = tensor(given.result) if np.ndim(given.result) else exact(given.result)
    source = f"{start} - eta*m_c/(sqrt(v_c) + eps)"
    yield formula("w_new", source, result=result, **known, eta=_rate(given))


def _correction(number: int, beta: Number, step: int) -> Formula:
    """Return the formula of what a moment is divided by; of late steps as a double."""
    share = exact(exact_number(beta, "beta"))
    late = step > FEW_STEPS and share > 0
    value = exact(-math.expm1(step * math.log(share)) if late else 1 - share**step)
    known = {f"beta_{number}": share, "t": step}
    return formula(f"c_{number}", f"1 - beta_{number}**t", result=value, **known)


def _divided(value: Value | None, by: Number) -> Value:
    """Return a number or the cells of an array over *by*, as doubles."""
    if isinstance(value, Tensor):
        return value.map(lambda cell: exact(float(cell) / float(by)))
    return exact(float(value) / float(by)) if is_number(value) else 0


def _dropout_values(given: SimpleNamespace) -> Iterator[Step]:
    known = {"x": _value(given.x, "x"), "k": _value(given.mask, "mask")}
    if given.inverted:
        yield Said("What is kept, k, is divided by the probability to be kept.")
        yield formula("y", "x*k/(1 - p)", **known, p=exact(exact_number(given.p, "p")))
    else:
        yield Said("What is kept, k, stays as it is; the scaling is done in testing.")
        yield formula("y", "x*k", **known)


def _dropout_mean(given: SimpleNamespace) -> Iterator[Step]:
    known = {"x": _value(given.x, "x"), "p": exact(exact_number(given.p, "p"))}
    if given.inverted:
        yield Said("Kept with probability 1 - p and divided by it: on average nothing changes.")
        yield formula("E", "(1 - p)*x/(1 - p)", **known)
    else:
        yield Said("Kept with probability 1 - p, else 0:")
        yield formula("E", "(1 - p)*x", **known)


def _penalty(given: SimpleNamespace) -> Iterator[Step]:
    sizes = np.asarray(abs(exact_array(given.weights, "weights")) ** given.order)
    what = "squares" if given.order > 1 else "sizes"
    yield Said(f"The {what} of all weights, added up:")
    yield shown("w²" if given.order > 1 else "|w|", sizes)
    total = counted_up("S", sizes.ravel().tolist())
    yield total
    strength = {"lambda_w": exact(exact_number(given.strength, "strength"))}
    yield formula("R", "lambda_w/2*S" if given.half else "lambda_w*S", S=total.number, **strength)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        sgd_step: _sgd,
        momentum_velocity: _momentum_velocity,
        momentum_step: _momentum,
        adam_moments: _adam_moments,
        adam_step: _adam,
        adamw_step: _adamw,
        dropout_values: _dropout_values,
        dropout_mean: _dropout_mean,
        weight_penalty: _penalty,
    }
)
