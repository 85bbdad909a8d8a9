"""That kernels in which a name has two types, or arrays are added, would be seen."""

import numpy as np
import pytest
from numba import njit

from jitad.emit.compilers import exact


@pytest.mark.parametrize("wrap, seen", [(exact, True), (njit, False)])
def test_names_of_two_types(wrap, seen):
    @njit
    def outer(x):
        return inner(x)

    @wrap
    def inner(x):
        total = 1
        if x > 2:
            total = 0.5
        return total * x

    if seen:
        with pytest.raises(AssertionError, match="two types"):
            outer(1.0)
    else:
        assert outer(1.0) == 1.0


def test_arithmetic_of_arrays():
    @exact
    def inner(x):
        return x + x

    @njit
    def outer(x):
        return inner(x)

    with pytest.raises(AssertionError, match="arithmetic of arrays"):
        outer(np.ones(3))
