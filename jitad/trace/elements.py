"""Arrays of objects, each a traced number: what NumPy makes of a traced array where nothing else reaches.

Sums, products and ufuncs of them are NumPy's, element by element; together with a traced array they become one again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jitad.errors import TraceError
from jitad.trace.tracing import where

if TYPE_CHECKING:
    from jitad.trace.tracer import Tracer

MOST = 10_000  # elements


def as_objects(t: Tracer) -> np.ndarray:
    """The elements of a traced array in an array of objects; its shape is fixed by that."""
    from jitad.trace.tracer import check_alive

    root = check_alive(t)._trace.root
    if not t.ndim:
        out = np.empty((), object)
        out[()] = t
        root.objects = where()
        return out
    shape = tuple(root.concrete(n) for n in t.node.shape)
    count = int(np.prod(shape))
    if count > MOST:
        raise TraceError(f"numpy.asarray of a traced array makes an array of objects, of at most {MOST} elements, not {count}; "
                         f"write jitad.numpy.asarray(t), or keep it traced{where()}")
    root.objects = where()
    out = np.empty(shape, object)
    for index in np.ndindex(*shape):
        out[index] = t[index]
    return out
