"""What NumPy's functions do on traced arrays. One implementation serves `np.f(t)`, `t.f()` and `jitad.numpy.f(t)`."""

from jitad.trace.numpy_api import (
    creation,
    linalg,
    methods,
    nans,
    ordering,
    products,
    quantiles,
    reductions,
    selection,
    shaping,
    ufunc_table,
)
from jitad.trace.numpy_api.registry import (
    astype,
    call_function,
    call_ufunc,
    functions,
    operate,
    refuse,
    ufunc_of,
    ufuncs,
    unsupported,
)

__all__ = [
    "astype", "call_function", "call_ufunc", "creation", "functions", "linalg", "methods", "nans", "operate", "ordering",
    "products", "quantiles", "reductions", "refuse", "selection", "shaping", "ufunc_of", "ufunc_table", "ufuncs", "unsupported"]
