"""What NumPy's functions do on traced arrays. One implementation serves `np.f(t)`, `t.f()` and `jitad.numpy.f(t)`."""

from jitad.trace.numpy_api import (
    creation,
    methods,
    nans,
    ordering,
    products,
    quantiles,
    reductions,
    selection,
    shaping,
    special_functions,
    ufunc_table,
)
from jitad.trace.numpy_api.registry import (
    astype,
    call_function,
    call_ufunc,
    function_of,
    functions,
    operate,
    refuse,
    ufunc_of,
    ufuncs,
    unsupported,
)

__all__ = [
    "astype", "call_function", "call_ufunc", "creation", "function_of", "functions", "methods", "nans", "operate", "ordering",
    "products", "quantiles", "reductions", "refuse", "selection", "shaping", "special_functions", "ufunc_of", "ufunc_table",
    "ufuncs", "unsupported"]
