"""Tests of answers from values: plain ones, and stand-ins for tensors, arrays and data frames."""

import enum
import random
import struct
import unittest
from decimal import Decimal
from fractions import Fraction

from dlgrader_client import UnusableAnswerError, to_answer


class Array:
    """What NumPy, JAX and scalars of both offer."""

    def __init__(self, values, dtype="float64", shape=None):
        self.values, self.dtype = values, dtype
        self.shape = (len(values),) if shape is None and isinstance(values, list) else shape or ()

    def tolist(self):
        return self.values


class TorchTensor(Array):
    """A tensor on a device with a gradient: `tolist` works after `detach` and `cpu`."""

    is_ready = False

    def detach(self):
        return self

    def cpu(self):
        self.is_ready = True
        return self

    def tolist(self):
        assert self.is_ready
        return self.values


class EagerTensor:
    """A tensor of TensorFlow, which has no `tolist`."""

    dtype = "<dtype: 'float32'>"
    shape = (2,)

    def cpu(self):
        raise AssertionError("TensorFlow prints that this is deprecated")

    def numpy(self):
        return Array([narrow(0.1), 2.0], "float32")


class SparseTensor(TorchTensor):
    layout = "torch.sparse_csr"

    def to_dense(self):
        return Array([[1.0, 0.0], [0.0, 1.0]], "float32")


class TracedArray(Array):
    def tolist(self):
        raise TypeError("The array has no values.\nA long explanation follows.")


class SymbolicTensor:
    dtype = "<dtype: 'float32'>"
    shape = (None, 3)


class TensorShape:
    """A shape of TensorFlow, which is no sequence."""

    def __init__(self, sizes):
        self.sizes = sizes

    def as_list(self):
        if self.sizes is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return self.sizes


class Frame:
    """A data frame of pandas with columns of their own types."""

    def __init__(self, columns):
        self.columns = list(columns)
        self._columns = list(columns.values())
        self.shape = (len(self._columns[0].values), len(self.columns))

    @property
    def iloc(self):
        columns = self._columns

        class Places:
            def __getitem__(self, place):
                return columns[place[1]]

        return Places()


class Side(enum.IntEnum):
    LEFT = 1


def narrow(value):
    """Return *value* as a float of 32 bits holds it."""
    return struct.unpack("f", struct.pack("f", value))[0]


def unpack(pattern, dtype):
    """Return the number with the bits of *pattern*."""
    if dtype == "float16":
        return struct.unpack("<e", struct.pack("<H", pattern))[0]
    return struct.unpack("<f", struct.pack("<I", pattern << (16 if dtype == "bfloat16" else 0)))[0]


def pack(value, dtype):
    """Return the bits of *value*, rounded to the nearest number of the type."""
    if dtype == "float16":
        return struct.unpack("<H", struct.pack("<e", value))[0]
    pattern = struct.unpack("<I", struct.pack("<f", value))[0]
    return pattern if dtype == "float32" else (pattern + 0x7FFF + (pattern >> 16 & 1)) >> 16


def float_patterns(dtype):
    """Return the bits of numbers: all of 16 bits; of 32 bits those at powers of two, and others."""
    if dtype != "float32":
        return range({"float16": 0x7C00, "bfloat16": 0x7F80}[dtype])
    powers = [1 << place for place in range(23)] + [exponent << 23 for exponent in range(1, 255)]
    draw = random.Random(1)  # noqa: S311  # no secret
    beside = [power + step for power in powers for step in (-1, 0, 1)]
    return beside + [draw.randrange(0x7F800000) for _ in range(20_000)]


class Values(unittest.TestCase):
    def test_plain_values_are_sent_unchanged(self):
        for value, answer in [
            ("2^6", "2^6"),
            (64, 64),
            (0.1, 0.1),
            (Side.LEFT, 1),
            (10**30, 10**30),
            (Fraction(1, 3), "1/3"),
            (Fraction(4, 2), 2),
            (Decimal("0.10"), "0.10"),
            ((1, (2, 3)), [1, [2, 3]]),
            (range(3), [0, 1, 2]),
            ({"b", "a"}, ["a", "b"]),
        ]:
            with self.subTest(value=value):
                self.assertEqual(to_answer(value), answer)
                self.assertIn(type(to_answer(value)), (str, int, float, list))

    def test_tensors_and_arrays_are_sent_as_plain_values(self):
        self.assertEqual(to_answer(Array([1, 2], "int64")), [1, 2])
        self.assertEqual(to_answer(TorchTensor([1.5], "torch.float64")), [1.5])
        self.assertEqual(to_answer(EagerTensor()), [0.1, 2.0])
        self.assertEqual(to_answer(SparseTensor([])), [[1.0, 0.0], [0.0, 1.0]])
        self.assertEqual(to_answer(Array(3, "int32")), 3)

    def test_library_error_becomes_a_refusal_with_its_first_line(self):
        with self.assertRaisesRegex(UnusableAnswerError, r"The array has no values\.$"):
            to_answer(TracedArray([1.0]))

    def test_tensorflow_shapes_are_sent_as_lists_of_sizes(self):
        self.assertEqual(to_answer(TensorShape([8, 3, 32, 32])), [8, 3, 32, 32])
        self.assertEqual(to_answer([TensorShape([2])]), [[2]])
        for sizes in ([None, 3], None):
            with self.subTest(sizes=sizes), self.assertRaises(UnusableAnswerError):
                to_answer(TensorShape(sizes))
            with self.subTest(sizes=sizes), self.assertRaises(UnusableAnswerError):
                to_answer(Array([1.0], shape=TensorShape(sizes)))

    def test_low_precision_floats_are_sent_as_they_print(self):
        self.assertEqual(
            to_answer(Array([narrow(0.1), narrow(1 / 3)], "float32")), [0.1, 0.33333334]
        )
        self.assertEqual(to_answer(Array([0.0999755859375], "torch.float16")), [0.1])
        self.assertEqual(to_answer(Array([0.10009765625], "torch.bfloat16")), [0.1])
        self.assertEqual(to_answer(Array([0.0, -2.5], "float32")), [0.0, -2.5])
        self.assertEqual(to_answer(Array([narrow(0.1)], "Float32")), [0.1])  # of pandas

    def test_sent_floats_convert_back_to_the_tensor_value(self):
        for dtype in ("float16", "bfloat16", "float32"):
            different = []
            for pattern in float_patterns(dtype):
                value = unpack(pattern, dtype)
                sent = to_answer([Array(value, dtype), Array(-value, dtype)])
                if sent[0] != -sent[1] or pack(sent[0], dtype) != pattern:
                    different.append(value)
            with self.subTest(dtype=dtype):
                self.assertEqual(different, [])

    def test_exactly_representable_floats_are_sent_exactly(self):
        for dtype, values in (
            ("float16", [8192.0, 65504.0, 1 / 64, 1 / 128, 3 / 512, 300.25]),
            ("bfloat16", [2048.0, 65536.0, 1 / 64, 5 / 32, 20.25]),
            ("float32", [138357536.0, 2.0**100, 131072.125, 1 / 2**20]),
        ):
            for value in values:
                with self.subTest(dtype=dtype, value=value):
                    self.assertEqual(to_answer(Array([value, -value], dtype)), [value, -value])

    def test_subnormal_floats_are_sent_with_their_significant_digits(self):
        for dtype, value in (("float16", 1e-5), ("float32", 1e-40), ("bfloat16", 9e-41)):
            with self.subTest(dtype=dtype):
                held = unpack(pack(value, dtype), dtype)
                self.assertEqual(to_answer(Array(held, dtype)), value)

    def test_data_frames_are_sent_as_rows(self):
        frame = Frame({"n": Array([1, 2], "int64"), "x": Array([narrow(0.1), 3.0], "float32")})
        self.assertEqual(to_answer(frame), [[1, 0.1], [2, 3.0]])

    def test_unsupported_values_are_refused(self):
        for value in (
            *(None, True, b"x", {"a": 1}, object(), float("nan"), float("inf"), Decimal("NaN")),
            *(Array([float("nan")], "float32"), SymbolicTensor(), [1, None], lambda: 1),
        ):
            with self.subTest(value=value), self.assertRaises(UnusableAnswerError):
                to_answer(value)

    def test_numbers_with_too_many_digits_are_refused(self):
        longest = 10**2000 - 1
        self.assertEqual(to_answer(longest), longest)
        for value in (
            *(10**5000, -(10**2000), [10**5000], Fraction(1, 10**5000), Decimal("1E+1000000")),
            *(Decimal("1E-1000000"), Array(10**5000, "object")),
        ):
            refusal = self.assertRaisesRegex(UnusableAnswerError, "at most 2,000 digits")
            with self.subTest(kind=type(value)), refusal:
                to_answer(value)

    def test_oversized_values_are_refused_before_being_copied(self):
        class Huge(Array):
            def tolist(self):
                raise AssertionError("copied")

        for value in (Huge([], shape=(10**6, 10**6)), range(10**9), [[0] * 64] * 65):
            refusal = self.assertRaisesRegex(UnusableAnswerError, "at most")
            with self.subTest(kind=type(value)), refusal:
                to_answer(value)
        self.assertEqual(len(to_answer([0] * 4096)), 4096)

    def test_self_referencing_lists_are_refused(self):
        value = []
        value.append(value)
        with self.assertRaises(UnusableAnswerError):
            to_answer(value)


if __name__ == "__main__":
    unittest.main()
