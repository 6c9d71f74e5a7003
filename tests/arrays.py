"""Arrays for tests of solvers: asymmetric integers, and dilated kernels."""

import numpy as np


def integers(*shape, seed=0):
    """Return random integers from -9 to 9, reproducible by *seed*."""
    return np.random.default_rng(seed).integers(-9, 10, shape)


def spread(kernel, dilation):
    """Return the dilated kernel, with zeros between its cells."""
    rows, columns = (dilation * (side - 1) + 1 for side in kernel.shape)
    found = np.zeros((rows, columns), kernel.dtype)
    found[::dilation, ::dilation] = kernel
    return found
