"""What to write instead of what is not supported: the end of an error's message, and a column of the documentation."""

from __future__ import annotations

_LENGTH = "the length of its result depends on values; where these are known, compute it outside of the traced function"
_PLACES = "write np.where(condition, a, b); of captured arrays, whose values are known, it can be asked for"
_INTEGERS = "of traced integers there are + - * // and %; where they are known, compute it outside of the traced function"
_EDGES = "write np.searchsorted with edges of your own, and jitad.numpy.add_at to count"
_STEPS = "the distances of floats have no derivative; write np.finfo(x.dtype).eps * np.abs(x)"
_COMPLEX = "complex numbers are not supported; write it with real matrices or sums of np.cos and np.sin"
_EIGEN = "general matrices have complex eigenvalues; np.linalg.eigh and np.linalg.eigvalsh are for symmetric ones"
_MEMORY = "traced arrays have no memory; write x.copy() where another array is wanted"
_RUNNING = "there are add, multiply, maximum, minimum, logical_and, logical_or and logaddexp"

unsupported: dict[str, str] = {
    **dict.fromkeys(("nonzero", "argwhere", "flatnonzero", "where(condition)"), _PLACES),
    **dict.fromkeys(("unique", "unique_all", "unique_counts", "unique_inverse", "unique_values", "union1d", "intersect1d",
                     "setdiff1d", "setxor1d", "trim_zeros"), _LENGTH),
    "lexsort": "write np.argsort of one key; where the keys are known, compute the order outside of the traced function",
    "nextafter": _STEPS, "spacing": _STEPS, "frexp": "write np.floor(np.log2(np.abs(x))) + 1 for the exponent",
    "polydiv": "its steps depend on values; divide by np.polyval where values are wanted",
    "roots": "the roots are complex; write np.linalg.eigvalsh of a symmetric matrix, or solve by Newton steps with np.polyval",
    "poly": "of a matrix, write it with np.linalg.eigvalsh of a symmetric one; np.poly takes the roots",
    "histogram": "write np.histogram with edges that are known", "histogram2d": _EDGES, "histogramdd": _EDGES,
    "linalg.eig": _EIGEN, "linalg.eigvals": _EIGEN,
    "linalg.qr": "write np.linalg.cholesky(a.T @ a) for the triangular factor, or np.linalg.solve and np.linalg.lstsq",
    "linalg.svd": "write np.linalg.svdvals for the values, np.linalg.eigh of a.T @ a for vectors",
    "asarray_chkfinite": "values are not known while tracing: write np.asarray, and np.isfinite where it matters",
    "frompyfunc": "write np.vectorize",
    "sort_complex": _COMPLEX, "fft": _COMPLEX,
    **dict.fromkeys(("gcd", "lcm", "left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift", "bitwise_count",
                     "packbits", "unpackbits"), _INTEGERS),
    "shares_memory": _MEMORY, "may_share_memory": _MEMORY,
    "unravel_index": "write np.divmod(k, columns) with the lengths of the axes",
    "ravel_multi_index": "write i * columns + j",
    "reduce": _RUNNING, "accumulate": "there are add, multiply, maximum and minimum",
    "reduceat": "write sums of slices, or jitad.numpy.add_at", "at": "there are add and subtract; write np.where for others",
    # of scipy.special
    **{f"special.{f}": f"write np.{f}" for f in ("log1p", "expm1", "exp2", "cbrt", "i0")},
    "special.loggamma": "write scipy.special.gammaln", "special.rgamma": "write 1 / scipy.special.gamma(x)",
    "special.ndtr": "write scipy.special.erfc(-x / np.sqrt(2)) / 2",
    "special.log_ndtr": "write np.log(scipy.special.erfc(-x / np.sqrt(2)) / 2), where that does not underflow",
    "special.log_expit": "write -np.logaddexp(0, -x)",
    "special.erfcx": "write np.exp(x**2) * scipy.special.erfc(x), where that does not overflow",
    "special.exprel": "write np.expm1(x) / x", "special.logsumexp": "write np.logaddexp.reduce(x)",
    "special.betaln": "write gammaln(a) + gammaln(b) - gammaln(a + b)",
    "special.beta": "write np.exp(gammaln(a) + gammaln(b) - gammaln(a + b))",
    "special.kl_div": "write rel_entr(x, y) - x + y",
    "special.huber": "write np.where(abs(r) < d, r**2 / 2, d * (abs(r) - d / 2))",
    "special.poch": "write np.exp(gammaln(z + m) - gammaln(z))", "special.boxcox": "write np.expm1(y * np.log(x)) / y",
    "special.polygamma": "of the polygamma functions there is scipy.special.psi; its derivative is polygamma(1, x)",
}

OTHERWISE = "write it with functions that are (docs/supported_numpy.md); where the values are known, compute it outside"


def advice(name: str) -> str:
    """What to write instead of a function, by the ends of its name, else by the module that it is in."""
    parts = name.split(".")
    ends = (".".join(parts[k:]) for k in range(len(parts)))
    return next((unsupported[k] for k in (*ends, *parts) if k in unsupported), OTHERWISE)
