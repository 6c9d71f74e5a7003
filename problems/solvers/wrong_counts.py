"""Rare wrong versions of counts: biases of one gate or layer, depthwise steps, map sides."""

from typing import Final

from grader.errors import SolverError
from grader.registry import SolverArguments, WrongVersion
from problems.solvers.bounds import as_axis_sizes
from problems.solvers.convolution_parameters import conv_params, separable_params
from problems.solvers.cost import conv_macs, separable_macs
from problems.solvers.parameters import linear_params, mlp_params
from problems.solvers.recurrent import recurrent_params
from problems.solvers.transformers import attention_params
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

TWO_VECTORS: Final = 2


def _params_with_output_depthwise(args: SolverArguments) -> int:
    """Return the parameter count if there is a depthwise filter for each output channel."""
    return separable_params(**vars(args)) + _extra_depthwise_weights(args, bias=args.bias)


def _extra_depthwise_weights(args: SolverArguments, *, bias: bool) -> int:
    """Return how many parameters more the depthwise step has with the output channels."""
    counts = [
        conv_params(channels, channels, args.kernel_size, bias=bias, groups=channels)
        for channels in (args.out_channels, args.in_channels)
    ]
    return counts[0] - counts[1]


def _macs_with_output_depthwise(args: SolverArguments) -> int:
    correct_macs = separable_macs(**vars(args))
    positions = correct_macs // separable_params(
        args.in_channels, args.out_channels, args.kernel_size
    )
    return correct_macs + positions * _extra_depthwise_weights(args, bias=False)


def _params_without_last_bias(args: SolverArguments) -> int:
    if not args.bias:
        raise SolverError("there are no biases")
    last_units: int = args.sizes[-1]
    return mlp_params(**vars(args)) - last_units


def _params_with_input_biases(args: SolverArguments) -> int:
    if not args.bias:
        raise SolverError("there are no biases")
    inputs: int = args.in_features
    return linear_params(args.in_features, args.out_features, bias=False) + inputs


def _recurrent_biases(args: SolverArguments) -> int:
    """Return the number of biases of one gate, in all layers and directions."""
    if args.kind == "rnn" or not args.bias_vectors:
        raise SolverError("there is one gate, or no bias")
    directions = 2 if args.bidirectional else 1
    biases: int = args.num_layers * directions * args.hidden_size
    return biases


def _params_with_one_gate_biased(args: SolverArguments) -> int:
    biases: int = args.bias_vectors * _recurrent_biases(args)
    return recurrent_params(**{**vars(args), "bias_vectors": 0}) + biases


def _params_with_second_bias_of_one_gate(args: SolverArguments) -> int:
    if args.bias_vectors != TWO_VECTORS:
        raise SolverError("there is no second vector")
    biases = _recurrent_biases(args)
    return recurrent_params(**{**vars(args), "bias_vectors": 1}) + biases


def _attention_params_with_one_bias_vector(args: SolverArguments) -> int:
    if not args.bias:
        raise SolverError("there are no biases")
    biases: int = args.embed_dim
    return attention_params(**{**vars(args), "bias": False}) + biases


def _output_size_of_map_side(args: SolverArguments) -> tuple[int, ...]:
    """Return an output with as many positions as one side of a square map."""
    sizes = as_axis_sizes(args.output_size, "output_size")
    if len(sizes) == 1 or len(set(sizes)) > 1 or sizes[0] == 1:
        raise SolverError("no side of this map is taken for its area")
    return (sizes[0], *(1 for _ in sizes[1:]))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        separable_params,
        {
            "depthwise_for_each_output": replace_formula(
                separable_params, _params_with_output_depthwise
            )
        },
    ),
    *build_wrong_versions(
        separable_macs,
        {
            "depthwise_for_each_output": replace_formula(
                separable_macs, _macs_with_output_depthwise
            ),
            "side_of_the_map": replace_arguments(
                separable_macs, output_size=_output_size_of_map_side
            ),
        },
    ),
    *build_wrong_versions(
        conv_macs,
        {"side_of_the_map": replace_arguments(conv_macs, output_size=_output_size_of_map_side)},
    ),
    *build_wrong_versions(
        linear_params,
        {"bias_per_input": replace_formula(linear_params, _params_with_input_biases)},
    ),
    *build_wrong_versions(
        mlp_params, {"last_bias_left_out": replace_formula(mlp_params, _params_without_last_bias)}
    ),
    *build_wrong_versions(
        recurrent_params,
        {
            "bias_of_one_gate": replace_formula(recurrent_params, _params_with_one_gate_biased),
            "second_bias_of_one_gate": replace_formula(
                recurrent_params, _params_with_second_bias_of_one_gate
            ),
        },
    ),
    *build_wrong_versions(
        attention_params,
        {
            "bias_of_one_projection": replace_formula(
                attention_params, _attention_params_with_one_bias_vector
            )
        },
    ),
)
