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
    """In how many parts of `rows` a product is done: an even number, or one."""
    parts = 2 * (work // (2 * PART) + 1)
    return parts if work > PART and parts <= MOST and parts * ROWS <= rows else 1


def _in_rows(out, a, b, parts):  # type: ignore[no-untyped-def]
    """Each part has its own rows of the result."""
    for c in prange(parts):
        first, last = c * out.shape[0] // parts, (c + 1) * out.shape[0] // parts
        np.dot(a[first:last], b, out[first:last])


def _in_terms(found, a, b):  # type: ignore[no-untyped-def]
    """Each part has its own terms of the sums that the results are: rows of both factors, the first of which is transposed."""
    parts = len(found)
    for c in prange(parts):
        first, last = c * a.shape[0] // parts, (c + 1) * a.shape[0] // parts
        np.dot(a[first:last].T, b[first:last], found[c])


def _products(decorator: Any, suffix: str) -> dict[str, Any]:
    """Functions for each way to take factors, transposed or not as letters say; loops over parts are compiled by `decorator`."""
    in_rows, in_terms = decorator(_in_rows), decorator(_in_terms)

    @exact
    def rows(out, a, b):  # type: ignore[no-untyped-def]
        parts = _parts_of(out.size * a.shape[1], out.shape[0])
        if parts == 1:
            _multiplied(out, a, b)
        else:
            in_rows(out, a, b, parts)

    @exact
    def terms(out, a, b):  # type: ignore[no-untyped-def]
        parts = _parts_of(out.size * a.shape[0], a.shape[0])
        if parts == 1 or out.size * parts > a.size + b.size:
            _multiplied(out, a.T, b)
        else:
            found = np.empty((parts, *out.shape), out.dtype)
            in_terms(found, a, b)
            for i in range(out.shape[0]):  # assigning arrays takes Numba 2.5 s to compile
                for j in range(out.shape[1]):
                    total = found[0, i, j]
                    for c in range(1, parts):
                        total += found[c, i, j]
                    out[i, j] = total

    @exact
    def rows_of_transposed(out, a, b):  # type: ignore[no-untyped-def]
        rows(out, a, b.T)

    @exact
    def both_transposed(out, a, b):  # type: ignore[no-untyped-def]
        _multiplied(out, a.T, b.T)

    found = {"nn": rows, "nt": rows_of_transposed, "tn": terms, "tt": both_transposed}
    return {f"product_{factors}{suffix}": function for factors, function in found.items()}


NAMES: dict[str, Any] = _products(exact, "") | _products(exact_parts, "_at_once")
