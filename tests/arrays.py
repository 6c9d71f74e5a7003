"""Arrays for tests of solvers: asymmetric integers, and kernels with gaps."""

import numpy as np


def integers(*shape, seed=0):
    """Return integers from -9 to 9, the same for the same seed."""
    return np.random.default_rng(seed).integers(-9, 10, shape)


def spread(kernel, dilation):
    """Return the kernel with zeros between its cells."""
    rows, columns = (dilation * (side - 1) + 1 for side in kernel.shape)
    found = np.zeros((rows, columns), kernel.dtype)
    found[::dilation, ::dilation] = kernel
    return found
