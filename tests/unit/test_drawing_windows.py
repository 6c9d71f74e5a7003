"""Tests of window drawings: the cells below, the products and the growing output."""

import re
from types import SimpleNamespace

import pytest

from api.pages.drawing.frames import build_window_frames, select_frame_indices
from api.pages.drawing.planes import read_planes
from api.pages.drawing.window_paths import build_window_paths
from api.pages.drawing.window_positions import describe_position
from api.pages.layout.formatting import replace_hyphens_with_minus_signs
from api.schemas.student.solution import WorkedStep
from api.services.problems.serializers import serialize_step
from grader.display.render import render_step
from problems.traces import TRACERS

IMAGE = [[1, 0, 2, 3], [4, 5, 0, 1], [0, 2, 2, 0], [1, 1, 0, 6]]
KERNEL = [[1, -2], [0, 3]]
ROOM = 100_000


def steps(solver, *arguments, **keywords) -> list[WorkedStep]:
    """Return the steps of a solver as pages receive them."""
    found = TRACERS[solver](*arguments, **keywords)
    told = [(render_step(one), serialize_step(one)) for one in found]
    return [WorkedStep(text=one.text, mathml=one.mathml, data=data) for one, data in told]


def way(solver, *arguments, given=(), **keywords):
    """Return the window paths of a solver call, one for each output map."""
    found = steps(solver, *arguments, **keywords)
    windows = [one for one in found if one.data["type"] in {"window", "pooled"}]
    shown = [one.data["value"] for one in found if one.data["type"] == "array"]
    return [*build_window_paths(windows, previous_arrays=shown, problem_arrays=given)]


def drawn(*arguments, room=ROOM, **keywords):
    return build_window_frames(way(*arguments, **keywords), id_prefix="w", max_bytes=room)


def test_window_products_add_up_to_output_cell():
    [found] = way("conv2d", IMAGE, KERNEL, given=[IMAGE])
    assert len(found.moves) == 9
    for move in found.moves:
        (top, left), (row, column) = move.covered.corner, move.position
        assert (top, left) == (row, column)
        expected = IMAGE[top][left] - 2 * IMAGE[top][left + 1] + 3 * IMAGE[top + 1][left + 1]
        assert (sum(move.products(0)), move.running_sums()[-1], move.total) == (expected,) * 3


def test_bias_ends_the_running_sum():
    [found] = way("conv2d", IMAGE, KERNEL, bias=10)
    assert found.moves[0].running_sums() == (1, 1, 1, 16, 26)


@pytest.mark.parametrize(
    ("keywords", "inside", "size"),
    [
        ({}, (range(4), range(4)), (3, 3)),
        ({"padding": 1}, (range(1, 5), range(1, 5)), (5, 5)),
        ({"padding": 1, "stride": 2}, (range(1, 5), range(1, 5)), (3, 3)),
        ({"dilation": 2}, (range(4), range(4)), (2, 2)),
    ],
)
def test_zero_padding_is_distinguished_from_input(keywords, inside, size):
    [found] = way("conv2d", IMAGE, KERNEL, given=[IMAGE], **keywords)
    assert found.window_input.unpadded_ranges == inside
    assert found.map_size == size


def test_channels_given_separately_form_the_input():
    planes = [IMAGE, KERNEL * 2]
    wide = [[row[:2] for row in IMAGE], planes[1]]
    [found] = way("conv2d", wide, [[KERNEL, KERNEL]], padding=1, given=[KERNEL, *wide])
    assert found.window_input.unpadded_ranges == (range(1, 5), range(1, 3))


def test_missing_input_is_reconstructed_from_windows():
    [found] = way("conv2d", IMAGE, KERNEL)
    assert found.window_input.planes == read_planes(IMAGE, 2)
    [found] = way("conv2d", IMAGE, [[1]], stride=2)
    assert found.window_input.planes[0][0] == (1, None, 2)


def test_vector_is_a_plane_with_one_row():
    [found] = way("conv1d", [1, 2, 3, 4], [1, 1], stride=2)
    assert [move.covered.corner for move in found.moves] == [(0, 0), (0, 2)]
    assert found.map_size == (1, 2)


def test_each_filter_has_its_own_map():
    found = way("conv2d", [IMAGE], [[KERNEL], [[[1, 1], [1, 1]]]])
    assert [one.map_index for one in found] == [0, 1]
    assert len(drawn("conv2d", [IMAGE], [[KERNEL], [[[1, 1], [1, 1]]]]).frames) == 18


@pytest.mark.parametrize(
    ("spread", "about"),
    [
        ({"dilation": 2}, "Its cells lie 2 apart."),
        ({"stride": 2}, "moves 2 right and 2 down"),
        ({}, ""),
    ],
)
def test_stride_and_dilation_are_reported(spread, about):
    told = drawn("conv2d", IMAGE, KERNEL, given=[IMAGE], **spread).about
    assert about in told
    assert bool(about) == bool(told)


def test_dilated_window_marks_only_its_own_cells():
    [found] = way("conv2d", IMAGE, KERNEL, dilation=2)
    assert [place for place, _ in found.moves[0].covered.iter_cells(0)] == [
        (0, 0),
        (0, 2),
        (2, 0),
        (2, 2),
    ]


def test_max_pooling_highlights_one_winning_cell():
    frames = drawn("max_pool2d", [[2, 2], [1, 0]], 2).frames
    assert frames[0].drawings.count("ws-wins") == 1
    assert frames[0].running == ""


def test_pooling_dilation_is_inferred_from_input():
    [found] = way("max_pool2d", IMAGE, 2, stride=1, dilation=2, given=[IMAGE])
    assert found.moves[0].covered.dilation == (2, 2)
    assert found.window_input.planes == read_planes(IMAGE, 2)


def test_pooling_channels_move_over_their_own_planes():
    found = way("max_pool2d", [IMAGE, IMAGE[::-1]], 2, given=[])
    assert [one.map_index for one in found] == [0, 1]
    means = way("global_pool2d", [IMAGE, IMAGE], mode="avg")
    assert [one.map_size for one in means] == [(1, 1), (1, 1)]


def test_matrix_products_are_not_windows():
    step = SimpleNamespace(data={"type": "window", "corner": [0], "dilation": [], "place": [0]})
    assert [*build_window_paths([step], previous_arrays=(), problem_arrays=())] == []


@pytest.mark.parametrize(
    ("count", "room", "expected"),
    [(1, 3, {0}), (5, 3, {0, 1, 2, 3, 4}), (6, 3, {0, 1, 5}), (16, 10, {*range(9), 15})],
)
def test_first_and_last_frames_are_drawn(count, room, expected):
    assert select_frame_indices(count, room) == expected


def test_omitted_frames_are_given_as_text():
    found = drawn("conv2d", IMAGE, KERNEL, room=0)
    assert (len(found.frames), len(found.omitted_texts)) == (3, 6)
    assert found.omitted_texts[0].startswith("1st row, 3rd: ")


def test_frames_reference_shared_definitions():
    found = drawn("conv2d", IMAGE, KERNEL, padding=1, given=[IMAGE])
    defined = re.findall(r'id="([^"]+)"', found.shared)
    assert len(defined) == len(set(defined))
    everything = found.shared + "".join(one.drawings for one in found.frames)
    assert set(re.findall(r'href="#([^"]+)"', everything)) <= set(defined)


def test_every_drawing_has_a_title_and_no_style():
    found = drawn("conv2d", IMAGE, KERNEL)
    for one in found.frames:
        assert one.drawings.count("<svg") == one.drawings.count("<title>") == 2
        assert "style=" not in one.drawings
    assert "Input, window 3" in found.frames[2].drawings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1", "−1"),
        ("(-1)·2 - 3", "(−1)·2 − 3"),
        ("conv-1", "conv-1"),
        ("x -> y", "x -> y"),
        ("", ""),
    ],
)
def test_minus_signs_are_typographic_and_hyphens_stay(text, expected):
    assert replace_hyphens_with_minus_signs(text) == expected


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((), ""),
        ((0,), "1st cell"),
        ((0, 0), "1st row, 1st column"),
        ((1, 2), "2nd row, 3rd column"),
        ((10, 11), "11th row, 12th column"),
        ((20, 111), "21st row, 112th column"),
        ((1, 0, 3), "2nd map, 1st row, 4th column"),
    ],
)
def test_window_position_is_described_with_ordinals(place, words):
    assert describe_position(place) == words


def test_window_caption_omits_position_also_with_several_channels():
    [found] = way("conv2d", [IMAGE, IMAGE], [[KERNEL, KERNEL]])
    assert found.moves[0].text.startswith("channel 1: 1·1")
    assert found.moves[0].line.startswith("1st map, 1st row, 1st:\n  channel 1: 1·1")
    assert "\ntogether: " in found.moves[0].text
