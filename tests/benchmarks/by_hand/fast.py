"""How the kernels are compiled: with the flags of jitad's own, and its functions."""

from numba import njit

from jitad.emit import vmath

fast = njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy", nogil=True)
_function = njit(fastmath=vmath.FLAGS, error_model="numpy", nogil=True)  # vmath's own can be called by compiled code only


@_function
def exp(x):
    """e**x."""
    return vmath.exp(x)


@_function
def log1p(x):
    """log(1 + x)."""
    return vmath.log1p(x)


@_function
def tanh(x):
    """The hyperbolic tangent."""
    return vmath.tanh(x)
