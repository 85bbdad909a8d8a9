"""What NumPy's functions do on traced arrays. One implementation serves `np.f(t)`, `t.f()` and `jitad.numpy.f(t)`."""

from jitad.trace.numpy_api import (
    calculus,
    comparing,
    creation,
    linalg,
    methods,
    nans,
    ordering,
    padding,
    placing,
    products,
    quantiles,
    reductions,
    scipy_linalg,
    selection,
    shaping,
    softmax,
    special_functions,
    ufunc_table,
)
from jitad.trace.numpy_api.advice import advice, unsupported
from jitad.trace.numpy_api.registry import (
    astype,
    call_function,
    call_ufunc,
    function_of,
    functions,
    operate,
    own,
    refuse,
    scipy,
    ufunc_of,
    ufuncs,
)

__all__ = [
    "advice", "astype", "calculus", "call_function", "call_ufunc", "comparing", "creation", "function_of", "functions",
    "linalg", "methods", "nans", "operate", "ordering", "own", "padding", "placing", "products", "quantiles", "reductions",
    "refuse", "scipy", "scipy_linalg", "selection", "shaping", "softmax", "special_functions", "ufunc_of", "ufunc_table",
    "ufuncs", "unsupported"]
