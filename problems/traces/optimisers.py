"""Tracers for one optimizer step, and for dropout and weight penalties.

w are the parameters, g the gradient, eta the learning rate; m and v are the state of
the optimizer.
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import Array, Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, Tensor, Value, is_number, to_exact_number
from problems.solvers.adam import adam_moments, adam_step
from problems.solvers.exact_arrays import as_fraction, as_fraction_array
from problems.solvers.optimisers import momentum_step, momentum_velocity, sgd_step
from problems.solvers.regularisation import dropout_mean, dropout_values, weight_penalty
from problems.solvers.weight_decay import adamw_step
from problems.traces.tracing import (
    TracedArguments,
    build_tracers,
    show_array,
    sum_formula,
    to_tensor,
)

MAX_EXACT_STEPS: Final = 16


def _to_exact_value(cells: object, what: str) -> Value:
    """Return a number or an array as an exact value for formulas."""
    exact_cells = as_fraction_array(cells, what)
    return to_tensor(exact_cells) if exact_cells.ndim else to_exact_number(exact_cells.item())


def _get_learning_rate(args: TracedArguments) -> Number:
    return to_exact_number(as_fraction(args.lr, "lr"))


def _trace_sgd_step(args: TracedArguments) -> Iterator[SolutionStep]:
    known = {"w": _to_exact_value(args.param, "param"), "g": _to_exact_value(args.grad, "grad")}
    decay = as_fraction(args.weight_decay, "weight_decay")
    if not decay:
        yield TextStep("Against the gradient, scaled by the learning rate:")
        yield build_formula("w_new", "w - eta*g", **known, eta=_get_learning_rate(args))
        return
    yield TextStep("Weight decay adds a fraction of the weights to the gradient:")
    decayed = build_formula("g_d", "g + lambda_w*w", **known, lambda_w=to_exact_number(decay))
    yield decayed
    known["g_d"] = decayed.value if decayed.value is not None else 0
    yield build_formula("w_new", "w - eta*g_d", **known, eta=_get_learning_rate(args))


def _velocity_formula(args: TracedArguments) -> Formula:
    """Return the formula of the updated velocity."""
    dampening = to_exact_number(as_fraction(args.dampening, "dampening"))
    fresh = "(1 - d)*g" if dampening else "g"
    return build_formula(
        "v_new",
        f"beta*v + {fresh}",
        beta=to_exact_number(as_fraction(args.momentum, "momentum")),
        v=_to_exact_value(args.velocity, "velocity"),
        g=_to_exact_value(args.grad, "grad"),
        d=dampening,
    )


def _trace_momentum_velocity(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The new velocity keeps a fraction of the old one and adds the gradient:")
    yield _velocity_formula(args)


def _trace_momentum_step(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_momentum_velocity(args)
    speed = _velocity_formula(args).value
    known = {"w": _to_exact_value(args.param, "param"), "v_new": 0 if speed is None else speed}
    if not args.nesterov:
        yield build_formula("w_new", "w - eta*v_new", **known, eta=_get_learning_rate(args))
        return
    yield TextStep("Nesterov's step looks ahead: the gradient plus a fraction of the new velocity.")
    known["g"] = _to_exact_value(args.grad, "grad")
    known["beta"] = to_exact_number(as_fraction(args.momentum, "momentum"))
    yield build_formula("w_new", "w - eta*(g + beta*v_new)", **known, eta=_get_learning_rate(args))


def _build_moment_formulas(args: TracedArguments) -> tuple[Formula, Formula]:
    """Return the formulas of the updated first and second moments of Adam."""
    first, second = (to_exact_number(as_fraction(beta, "beta")) for beta in args.betas)
    mean, square = adam_moments(args.grad, args.moments, betas=args.betas)
    known = {
        "g": _to_exact_value(args.grad, "grad"),
        "m": _to_exact_value(args.moments[0], "m"),
        "v": _to_exact_value(args.moments[1], "v"),
        "beta_1": first,
        "beta_2": second,
    }
    mean_source, square_source = "beta_1*m + (1 - beta_1)*g", "beta_2*v + (1 - beta_2)*g**2"
    return (
        build_formula("m_new", mean_source, result=_to_exact_value(mean, "m"), **known),
        build_formula("v_new", square_source, result=_to_exact_value(square, "v"), **known),
    )


def _trace_adam_moments(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Running means of the gradient and of its square:")
    yield from _build_moment_formulas(args)
    both = np.stack([np.asarray(moment, dtype=object) for moment in args.result])
    yield Array("(m, v)", to_tensor(both))


def _trace_adam_step(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_adam_update(args, "w")


def _trace_adamw_step(args: TracedArguments) -> Iterator[SolutionStep]:
    decay = to_exact_number(as_fraction(args.weight_decay, "weight_decay"))
    known = {
        "w": _to_exact_value(args.param, "param"),
        "eta": _get_learning_rate(args),
        "lambda_w": decay,
    }
    decay_formula = build_formula("w_d", "(1 - eta*lambda_w)*w", **known)
    yield TextStep("The weights decay independently of the gradient:")
    yield decay_formula
    rate = as_fraction(args.lr, "lr") * decay
    decayed = {**vars(args), "param": (1 - rate) * as_fraction_array(args.param, "param")}
    yield from _trace_adam_update(TracedArguments(**decayed), "w_d")


def _trace_adam_update(args: TracedArguments, start: str) -> Iterator[SolutionStep]:
    """Yield the steps of Adam from the parameters; *start* is their name."""
    mean, square = _build_moment_formulas(args)
    yield TextStep("Running means of the gradient and of its square:")
    yield from (mean, square)
    yield TextStep(f"They started at 0; this is corrected for step {args.step}:")
    known: dict[str, Value] = {}
    for number, (moment, beta) in enumerate(zip((mean, square), args.betas, strict=True), start=1):
        letter = moment.name[0]
        correction = _build_correction_formula(number, beta, args.step)
        divided = _divide_as_doubles(moment.value, correction.number)
        names = {moment.name: moment.value or 0, correction.name: correction.number}
        yield correction
        yield build_formula(
            f"{letter}_c", f"{moment.name}/{correction.name}", result=divided, **names
        )
        known[f"{letter}_c"] = divided
    known[start] = _to_exact_value(args.param, "param")
    known["eps"] = to_exact_number(as_fraction(args.eps, "eps"))
    result = to_tensor(args.result) if np.ndim(args.result) else to_exact_number(args.result)
    source = f"{start} - eta*m_c/(sqrt(v_c) + eps)"
    yield build_formula("w_new", source, result=result, **known, eta=_get_learning_rate(args))


def _build_correction_formula(number: int, beta: Number, step: int) -> Formula:
    """Return the formula of the bias correction of a moment; for late steps, as a double."""
    share = to_exact_number(as_fraction(beta, "beta"))
    late = step > MAX_EXACT_STEPS and share > 0
    value = to_exact_number(-math.expm1(step * math.log(share)) if late else 1 - share**step)
    known = {f"beta_{number}": share, "t": step}
    return build_formula(f"c_{number}", f"1 - beta_{number}**t", result=value, **known)


def _divide_as_doubles(value: Value | None, divisor: Number) -> Value:
    """Return a number or the cells of a tensor divided by *divisor*, as doubles."""
    if isinstance(value, Tensor):
        return value.map(lambda cell: to_exact_number(float(cell) / float(divisor)))
    return to_exact_number(float(value) / float(divisor)) if is_number(value) else 0


def _trace_dropout_values(args: TracedArguments) -> Iterator[SolutionStep]:
    known = {"x": _to_exact_value(args.x, "x"), "k": _to_exact_value(args.mask, "mask")}
    if args.inverted:
        yield TextStep("The kept values k are divided by the probability of being kept.")
        yield build_formula(
            "y", "x*k/(1 - p)", **known, p=to_exact_number(as_fraction(args.p, "p"))
        )
    else:
        yield TextStep("The kept values k are unchanged; the scaling is done at test time.")
        yield build_formula("y", "x*k", **known)


def _trace_dropout_mean(args: TracedArguments) -> Iterator[SolutionStep]:
    known = {"x": _to_exact_value(args.x, "x"), "p": to_exact_number(as_fraction(args.p, "p"))}
    if args.inverted:
        yield TextStep("Kept with probability 1 - p and divided by it: the mean does not change.")
        yield build_formula("E", "(1 - p)*x/(1 - p)", **known)
    else:
        yield TextStep("Kept with probability 1 - p, otherwise 0:")
        yield build_formula("E", "(1 - p)*x", **known)


def _trace_weight_penalty(args: TracedArguments) -> Iterator[SolutionStep]:
    sizes = np.asarray(abs(as_fraction_array(args.weights, "weights")) ** args.order)
    what = "squares" if args.order > 1 else "sizes"
    yield TextStep(f"The {what} of all weights, added up:")
    yield show_array("w²" if args.order > 1 else "|w|", sizes)
    total = sum_formula("S", sizes.ravel().tolist())
    yield total
    strength = {"lambda_w": to_exact_number(as_fraction(args.strength, "strength"))}
    yield build_formula(
        "R", "lambda_w/2*S" if args.half else "lambda_w*S", S=total.number, **strength
    )


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        sgd_step: _trace_sgd_step,
        momentum_velocity: _trace_momentum_velocity,
        momentum_step: _trace_momentum_step,
        adam_moments: _trace_adam_moments,
        adam_step: _trace_adam_step,
        adamw_step: _trace_adamw_step,
        dropout_values: _trace_dropout_values,
        dropout_mean: _trace_dropout_mean,
        weight_penalty: _trace_weight_penalty,
    }
)
