"""How the kernels are compiled: with the flags of jitad's own."""

from numba import njit

fast = njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy", nogil=True)
