"""Tests of answers from tensors of PyTorch, JAX and TensorFlow. `make tensors` installs and runs.

They are no part of the other tests, because the three libraries take more than 1 GB.
"""

import unittest

import jax
import jax.numpy as jnp
import tensorflow as tf
import torch

from dlgrader_client import UnusableAnswerError, to_answer


def is_plain(answer):
    """Return whether *answer* has only values that JSON has, and no subclass of them."""
    if type(answer) is list:
        return all(map(is_plain, answer))
    return type(answer) in (str, int, float)


class Tensors(unittest.TestCase):
    def assert_sent(self, rows):
        for value, answer in rows:
            with self.subTest(value=repr(value)):
                self.assertEqual(to_answer(value), answer)
                self.assertTrue(is_plain(to_answer(value)))

    def assert_refused(self, values):
        for value in values:
            with self.subTest(type=type(value)), self.assertRaises(UnusableAnswerError):
                to_answer(value)

    def test_pytorch_tensors_are_converted_to_plain_values(self):
        narrow = [torch.float16, torch.bfloat16, torch.float32]
        self.assert_sent(
            [(torch.tensor([0.1, 3], dtype=dtype), [0.1, 3.0]) for dtype in narrow]
            + [
                (torch.tensor(0.1), 0.1),
                (torch.tensor(1 / 3, dtype=torch.float64), 1 / 3),
                (torch.arange(6, dtype=torch.uint8).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
                (torch.zeros(1, 16, 124, 124).shape, [1, 16, 124, 124]),
                (torch.zeros(2, 3).numel(), 6),
                (torch.nn.Parameter(torch.ones(2, 2)), [[1.0, 1.0], [1.0, 1.0]]),
                (torch.ones(2, requires_grad=True) * 2, [2.0, 2.0]),
                (torch.eye(2).to_sparse(), [[1.0, 0.0], [0.0, 1.0]]),
                (torch.eye(2).to_sparse_csr(), [[1.0, 0.0], [0.0, 1.0]]),
                ((torch.tensor(1), torch.tensor([0.5])), [1, [0.5]]),
            ]
        )
        self.assert_refused(
            [
                torch.tensor([True]),
                torch.tensor([1 + 2j]),
                torch.tensor(float("nan")),
                torch.zeros(65, 64),
                torch.zeros(2, device="meta"),
                torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
            ]
        )

    def test_jax_arrays_are_converted_to_plain_values(self):
        narrow = [jnp.float16, jnp.bfloat16, jnp.float32]
        self.assert_sent(
            [(jnp.array([0.1, 3], dtype=dtype), [0.1, 3.0]) for dtype in narrow]
            + [(jnp.array([0.1], dtype=dtype)[0], 0.1) for dtype in narrow]
            + [
                (jnp.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
                (jnp.zeros((1, 16, 124, 124)).shape, [1, 16, 124, 124]),
                (jax.grad(lambda x: x**2)(3.0), 6.0),
                (list(jnp.arange(3)), [0, 1, 2]),
            ]
        )
        deleted = jnp.ones(2)
        deleted.delete()
        abstract = jax.ShapeDtypeStruct((2,), jnp.float32)
        self.assert_refused(
            [jnp.array([True]), jnp.array(jnp.inf), jnp.zeros((65, 64)), deleted, abstract]
        )

    def test_traced_arrays_are_refused(self):
        def use(x):
            self.assert_refused([x])
            return x

        jax.jit(use)(jnp.ones(2))
        tf.function(use)(tf.ones(2))

    def test_tensorflow_tensors_are_converted_to_plain_values(self):
        narrow = [tf.float16, tf.bfloat16, tf.float32]
        self.assert_sent(
            [(tf.constant([0.1, 3], dtype=dtype), [0.1, 3.0]) for dtype in narrow]
            + [(tf.constant(0.1, dtype=dtype), 0.1) for dtype in narrow]
            + [
                (tf.reshape(tf.range(6), (2, 3)), [[0, 1, 2], [3, 4, 5]]),
                (tf.Variable([0.1, 2.0]), [0.1, 2.0]),
                (tf.zeros((1, 16, 124, 124)).shape, [1, 16, 124, 124]),
                (tf.zeros((1, 16)).shape[1], 16),
                (tf.shape(tf.zeros((1, 16))), [1, 16]),
            ]
        )
        self.assert_refused(
            [
                tf.constant([True]),
                tf.constant(float("nan")),
                tf.constant("2^6"),
                tf.zeros((65, 64)),
                tf.TensorShape(None),
                tf.TensorShape([None, 3]),
                tf.ragged.constant([[1], [2, 3]]),
                tf.sparse.eye(2),
            ]
        )


if __name__ == "__main__":
    unittest.main()
