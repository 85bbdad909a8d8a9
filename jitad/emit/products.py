"""Products of matrices: loops for small ones, BLAS for others, a part after the other or, with ``parallel=True``, at once.

OpenBLAS multiplies matrices of some 60 x 60 x 60 without copying them first, in two thirds of the time; so what is longer is
done in parts of about that. Nor does it start threads for them: where these and those of Numba wait for each other on few
cores, a product of a tenth of a millisecond takes thirty. What is more than `MOST` parts is worth its copies and threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitad.emit.compilers import exact, exact_parts

BLAS = 8_000  # multiplications: fewer are done sooner by a loop
PART = 250_000  # of one part
MOST = 16  # parts
ROWS = 8  # that a part has at least


@exact
def _multiplied(out, a, b):  # type: ignore[no-untyped-def]
    if out.size * a.shape[1] >= BLAS:
        np.dot(a, b, out)
    else:
        for i in range(out.shape[0]):
            out[i] = 0
            for k in range(a.shape[1]):
                for j in range(out.shape[1]):
                    out[i, j] += a[i, k] * b[k, j]


@exact
def _parts_of(work, rows):  # type: ignore[no-untyped-def]
    """In how many parts of `rows` a product is done."""
    parts = work // PART + 1
    return parts if parts <= MOST and parts * ROWS <= rows else 1


@exact
def _in_rows(out, a, b):  # type: ignore[no-untyped-def]
    """Each part has its own rows of the result."""
    parts = _parts_of(out.size * a.shape[1], out.shape[0])
    if parts == 1:
        _multiplied(out, a, b)
    else:
        for c in range(parts):
            first, last = c * out.shape[0] // parts, (c + 1) * out.shape[0] // parts
            np.dot(a[first:last], b, out[first:last])


@exact
def _in_terms(out, a, b):  # type: ignore[no-untyped-def]
    """Each part has its own terms of the sums that the results are: rows of both factors, the first of which is transposed."""
    parts = _parts_of(out.size * a.shape[0], a.shape[0])
    if parts == 1 or out.size * parts > a.size + b.size:
        _multiplied(out, a.T, b)
    else:
        more = np.empty_like(out)
        for c in range(parts):
            first, last = c * a.shape[0] // parts, (c + 1) * a.shape[0] // parts
            np.dot(a[first:last].T, b[first:last], more if c else out)
            if c:
                out += more


@exact_parts
def _in_rows_at_once(out, a, b):  # type: ignore[no-untyped-def]
    for c in prange(MOST):
        first, last = c * out.shape[0] // MOST, (c + 1) * out.shape[0] // MOST
        np.dot(a[first:last], b, out[first:last])


@exact_parts
def _in_terms_at_once(found, a, b):  # type: ignore[no-untyped-def]
    for c in prange(MOST):
        first, last = c * a.shape[0] // MOST, (c + 1) * a.shape[0] // MOST
        np.dot(a[first:last].T, b[first:last], found[c])


@exact
def _rows_at_once(out, a, b):  # type: ignore[no-untyped-def]
    if _parts_of(out.size * a.shape[1], out.shape[0]) == 1 or out.shape[0] < MOST * ROWS:
        _in_rows(out, a, b)
    else:
        _in_rows_at_once(out, a, b)


@exact
def _terms_at_once(out, a, b):  # type: ignore[no-untyped-def]
    parts = _parts_of(out.size * a.shape[0], a.shape[0])
    if parts == 1 or a.shape[0] < MOST * ROWS or out.size * MOST > a.size + b.size:
        _in_terms(out, a, b)
    else:
        found = np.empty((MOST, *out.shape), out.dtype)
        _in_terms_at_once(found, a, b)
        out[...] = found[0]
        for c in range(1, MOST):
            out += found[c]


# The letters say which factor is taken transposed.


@exact
def product_nn(out, a, b):  # type: ignore[no-untyped-def]
    _in_rows(out, a, b)


@exact
def product_nt(out, a, b):  # type: ignore[no-untyped-def]
    _in_rows(out, a, b.T)


@exact
def product_tn(out, a, b):  # type: ignore[no-untyped-def]
    _in_terms(out, a, b)


@exact
def product_tt(out, a, b):  # type: ignore[no-untyped-def]
    _multiplied(out, a.T, b.T)


@exact
def product_nn_at_once(out, a, b):  # type: ignore[no-untyped-def]
    _rows_at_once(out, a, b)


@exact
def product_nt_at_once(out, a, b):  # type: ignore[no-untyped-def]
    _rows_at_once(out, a, b.T)


@exact
def product_tn_at_once(out, a, b):  # type: ignore[no-untyped-def]
    _terms_at_once(out, a, b)


NAMES: dict[str, Any] = {
    "product_nn": product_nn, "product_nt": product_nt, "product_tn": product_tn, "product_tt": product_tt,
    "product_nn_at_once": product_nn_at_once, "product_nt_at_once": product_nt_at_once, "product_tn_at_once": product_tn_at_once,
    "product_tt_at_once": product_tt}
