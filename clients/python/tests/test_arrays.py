"""Tests of answers from arrays of NumPy and data frames of pandas, where these are installed."""

import importlib.util
import unittest

from dlgrader_client import UnusableAnswerError, to_answer

HAS_NUMPY = importlib.util.find_spec("numpy") is not None
HAS_PANDAS = importlib.util.find_spec("pandas") is not None
if HAS_NUMPY:
    import numpy as np
if HAS_PANDAS:
    import pandas as pd


def is_plain(answer):
    """Return whether *answer* has only values that JSON has, and no subclass of them."""
    if type(answer) is list:
        return all(map(is_plain, answer))
    return type(answer) in (str, int, float)


@unittest.skipUnless(HAS_NUMPY, "NumPy is not installed")
class Arrays(unittest.TestCase):
    def test_numpy_arrays_and_scalars_are_sent_as_plain_values(self):
        for value, answer in [
            (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
            (np.arange(6, dtype=np.uint8)[::-2], [5, 3, 1]),
            (np.asfortranarray([[1.5, 2], [3, 4]]), [[1.5, 2.0], [3.0, 4.0]]),
            (np.float32(0.1), 0.1),
            (np.float16(0.1), 0.1),
            (np.array([1 / 3, 2e-8], dtype=np.float32), [0.33333334, 2e-08]),
            (np.float64(0.1), 0.1),
            (np.float64(1 / 3), 1 / 3),
            (np.int64(2**62), 2**62),
            (np.array(7), 7),
            (np.zeros((2, 0)), [[], []]),
            (np.zeros((8, 3, 32, 32)).shape, [8, 3, 32, 32]),
            ([np.int32(3), np.array([1, 2])], [3, [1, 2]]),
            (np.array([1, "2^6"], dtype=object), [1, "2^6"]),
            (np.str_("2^6"), "2^6"),
            (np.ma.masked_array([1, 2], mask=[False, False]), [1, 2]),
            (np.broadcast_to(np.int8(1), (2, 2)), [[1, 1], [1, 1]]),
        ]:
            with self.subTest(value=repr(value)):
                self.assertEqual(to_answer(value), answer)
                self.assertTrue(is_plain(to_answer(value)))

    def test_float32_values_are_sent_in_their_shortest_round_trip_form(self):
        bits = np.random.default_rng(1).integers(0, 2**31, 20_000, dtype=np.uint32)
        values = bits.view(np.float32)
        for value in values[np.isfinite(values)]:
            sent = to_answer(value)
            self.assertEqual(np.float32(sent), value)
            self.assertLessEqual(len(repr(sent)), len(repr(float(value))))

    def test_numpy_values_that_are_not_real_numbers_are_refused(self):
        for value in (
            np.array([1.0, np.nan]),
            np.float32("inf"),
            np.array([True, False]),
            np.array([1 + 2j]),
            np.array(["2026-01-01"], dtype="datetime64[D]"),
            np.array([b"1"]),
            np.ma.masked_array([1, 2], mask=[True, False]),
            np.zeros((65, 64)),
        ):
            with self.subTest(value=repr(value)[:60]), self.assertRaises(UnusableAnswerError):
                to_answer(value)


@unittest.skipUnless(HAS_PANDAS, "pandas is not installed")
class Frames(unittest.TestCase):
    def test_data_frames_are_sent_as_rows_that_keep_column_types(self):
        frame = pd.DataFrame(
            {
                "n": pd.array([1, 2], dtype="Int64"),
                "x": pd.array([0.1, 3.0], dtype="float32"),
                "y": pd.array([0.1, 3.0], dtype="Float32"),
                "text": ["a", "b"],
            }
        )
        self.assertEqual(to_answer(frame), [[1, 0.1, 0.1, "a"], [2, 3.0, 3.0, "b"]])
        self.assertTrue(is_plain(to_answer(frame)))
        self.assertEqual(to_answer(frame[["n", "x"]].iloc[::-1]), [[2, 3.0], [1, 0.1]])

    def test_pandas_series_indexes_and_scalars_are_sent_as_plain_values(self):
        series = pd.Series([1.5, 2.5], index=["a", "b"])
        for value, answer in [
            (series, [1.5, 2.5]),
            (series.iloc[0], 1.5),
            (series.index, ["a", "b"]),
            (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
            (pd.DataFrame({"a": [1], "b": [2]}).T, [[1], [2]]),
            (pd.DataFrame([[1, 2]], columns=["same", "same"]), [[1, 2]]),
        ]:
            with self.subTest(value=repr(value)):
                self.assertEqual(to_answer(value), answer)

    def test_missing_pandas_values_are_refused(self):
        for column in (pd.array([1, None], dtype="Int64"), [1.0, None], [None, "a"], [True, False]):
            with self.subTest(column=repr(column)), self.assertRaises(UnusableAnswerError):
                to_answer(pd.DataFrame({"x": column}))


if __name__ == "__main__":
    unittest.main()
