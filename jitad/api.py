"""The public transforms."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad import transform
from jitad.autodiff.batch import batch
from jitad.config import Options
from jitad.containers import Held
from jitad.ops.custom import stopped
from jitad.ops.shape import reshape
from jitad.trace.mapped import vmap as _vmap
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import current
from jitad.transform import Transformed
from jitad.tree import map_leaves


def jit(
    fn: Callable | None = None, *, static_argnums: int | Sequence[int] = (), static_argnames: str | Sequence[str] = (),
    parallel: bool = False, strict: bool = False, cache: bool = True, max_paths: int = 64,
) -> Any:
    """Compile a function of arrays into one fused kernel.

    Parameters
    ----------
    fn : callable
        Ordinary NumPy code, or a function that jitad made: ``jit(value_and_grad(f), parallel=True)`` is the same transform with
        these options. Arguments and results are numbers, arrays, and tuples, lists, dicts, namedtuples and dataclasses of them,
        or what :func:`register_pytree_node` made a container. Strings, functions and other objects are static: handed over as
        they are. Without a function, a decorator: ``@jit(strict=True)``.
    static_argnums, static_argnames : int, str or sequence of them
        Arguments, by position or by name, that are static as well: integers that count, or say how often a loop runs. They have
        to be hashable; each value has a kernel of its own. An argument that the function has under a name is static either way
        it is given.
    parallel : bool
        Run loops in several threads, those of Numba (``NUMBA_NUM_THREADS``). Every long loop is cut into 16 parts whatever
        the number of threads, and their sums are added in order, so that results are the same from run to run. Worth it for
        kernels of more than 100 us. Calls from several Python threads take turns. Numba's threads do not survive a fork.
    strict : bool
        Add in the order of the indices, axis by axis (with `parallel`: within each of the 16 parts), and let the compiler neither
        reorder nor contract floating-point operations: results do not depend on the width of the machine's vectors. Slower, up
        to ten times where a sum is all there is to do. Formulas are rewritten all the same (``a / 3`` as ``a * (1 / 3)``).
    cache : bool
        Keep the kernel on disk, and take it from there. See :func:`jitad.cache.info`.
    max_paths : int
        If the function branches (``if x > 0:``), each path through it is traced and compiled when it is first taken; here is how
        many there may be, for arguments of the same types, before an error says where.

    Returns
    -------
    Transformed
        The same function, compiled at the first call with arguments of new types. Lengths of axes are symbolic: arrays
        of another length run the same kernel. Results are fresh arrays and Python numbers. Within another transform the options
        are those of the outermost function.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.jit(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    5.0
    """
    options = Options(bool(parallel), bool(strict), bool(cache), max_paths=operator.index(max_paths))
    if fn is None:
        return lambda fn: transform.plain(fn, _with_static(fn, static_argnums, static_argnames, options))
    return transform.plain(fn, _with_static(fn, static_argnums, static_argnames, options))


def _with_static(fn: Callable, argnums: int | Sequence[int], argnames: str | Sequence[str], options: Options) -> Options:
    """The options with the static arguments under both their numbers and their names."""
    numbers = [operator.index(argnums)] if isinstance(argnums, (int, np.integer)) else [operator.index(k) for k in argnums]
    names = [argnames] if isinstance(argnames, str) else list(argnames)
    if not numbers and not names:
        return options
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    named = [n for n, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values()) or not parameters
    for n in names:
        if n not in parameters and not takes_any:
            raise ValueError(f"static_argnames has {n!r}, which is no argument of {getattr(fn, '__name__', fn)}")
    more = [named[k] for k in numbers if -len(named) <= k < len(named)]
    numbers += [named.index(n) for n in names if n in named]
    return dataclasses.replace(options, static_argnums=tuple(dict.fromkeys(numbers)),
                               static_argnames=tuple(dict.fromkeys([*names, *more])))


def grad(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """The gradient of a scalar function.

    Parameters
    ----------
    fn : callable
        Ordinary NumPy code that returns a scalar.
    argnums : int or sequence of int
        The positional arguments to differentiate with respect to. A sequence gives a tuple of gradients.
    has_aux : bool
        Whether `fn` returns ``(value, aux)``; the result then is ``(gradient, aux)``.

    Returns
    -------
    Transformed
        A function of the arguments of `fn`. A gradient has the container, shape and dtype of its argument.

    Raises
    ------
    ShapeError
        If the result is no scalar.
    DTypeError
        If the argument is an integer array.
    ConcreteValueError
        If `fn` asks for the value of a traced array (``float(x)``), or takes too many paths: see :func:`jit`.

    Examples
    --------
    >>> import jitad
    >>> jitad.grad(lambda x, y: x**2 + 2 * y**2, argnums=(0, 1))(2.0, 3.0)
    (4.0, 12.0)
    """
    return transform.gradient(fn, argnums, has_aux, with_value=False)


def value_and_grad(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """Value and gradient of a scalar function, from one kernel.

    Parameters are those of :func:`grad`; the result is ``(value, gradient)``, with `has_aux` ``((value, aux), gradient)``.
    It can be handed to ``scipy.optimize.minimize(..., jac=True)``.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def potential(x):
    ...     return (np.abs(x[np.newaxis, :] - x[:, np.newaxis]) ** 2).sum() / 2
    >>> jitad.value_and_grad(potential)(np.array([1.0, 2.0]))
    (1.0, array([-2.,  2.]))
    """
    return transform.gradient(fn, argnums, has_aux, with_value=True)


def jacobian(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """The Jacobian, of shape ``(*result.shape, *argument.shape)``, in the mode that has fewer rows.

    Containers nest: results outside, arguments inside.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.jacobian(lambda x: x)(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 1.]])
    """
    return transform.jacobian(fn, argnums, has_aux, None, "jacobian")


def jacfwd(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """The Jacobian in forward mode, for few arguments and many results; see :func:`jacobian`."""
    return transform.jacobian(fn, argnums, has_aux, "forward", "jacfwd")


def jacrev(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """The Jacobian in reverse mode, for many arguments and few results; see :func:`jacobian`."""
    return transform.jacobian(fn, argnums, has_aux, "reverse", "jacrev")


def hessian(fn: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Transformed:
    """Second derivatives: forward over reverse.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.hessian(lambda x: x[0] * x[1])(np.array([1.0, 2.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacfwd(jacrev(fn, argnums, has_aux), argnums, has_aux)


def hvp(fn: Callable) -> Transformed:
    """Hessian-vector products of a scalar function with respect to its first argument.

    Returns
    -------
    Transformed
        ``hvp(fn)(x, v, *args)``: the arguments of SciPy's ``hessp``. The Hessian is never formed.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return transform.hessian_vector(fn)


_made: OrderedDict[tuple, Transformed] = OrderedDict()
_lock = threading.Lock()
KEPT = 256


def _once(make: Callable[..., Transformed], fn: Callable, *options: Any) -> Transformed:
    """The transform of this very function (whatever it says that it equals), made once."""
    key = (make, Held(fn), *options)
    with _lock:
        if key not in _made:
            _made[key] = make(fn, *options)
            while len(_made) > KEPT:
                _made.popitem(last=False)
        _made.move_to_end(key)
        return _made[key]


def jvp(fn: Callable, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Forward mode: the value and its derivative along a direction.

    Parameters
    ----------
    fn : callable
        Ordinary NumPy code.
    primals, tangents : sequences
        One primal for each argument, and a tangent of the same shape for each.

    Returns
    -------
    tuple
        ``(fn(*primals), tangent)``.

    Examples
    --------
    >>> import jitad
    >>> jitad.jvp(lambda x: x**2, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jitad.jvp takes primals and tangents as tuples: jvp(f, (x,), (t,))")
    return _once(transform.forward, fn)(tuple(primals), tuple(tangents))


def _kept(leaf: Any) -> Any:
    return np.array(leaf, subok=True) if isinstance(leaf, np.ndarray) and type(leaf) is not Tracer else leaf


def vjp(fn: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """Reverse mode: the value, and a function from cotangents of it to cotangents of the arguments.

    Returns
    -------
    tuple
        ``(fn(*primals), pull)`` where ``pull(cotangent)`` is a tuple with one entry for each argument; with `has_aux`
        ``(value, pull, aux)``.

    Examples
    --------
    >>> import jitad
    >>> value, pull = jitad.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    primals = map_leaves(_kept, primals)  # the point as it is now, whatever becomes of the arrays
    out = _once(transform.plain, fn)(*primals)

    pull = functools.partial(_once(transform.backward, fn, has_aux), primals)
    return (out[0], pull, out[1]) if has_aux else (out, pull)


def stop_gradient(x: Any) -> Any:
    """`x`, of which no derivative is taken: a constant, to all transforms.

    Parameters
    ----------
    x : container of array_like
        Any shapes and dtypes.

    Examples
    --------
    >>> import jitad
    >>> jitad.grad(lambda x: x * jitad.stop_gradient(x))(3.0)
    3.0
    """
    if current() is None:
        return x
    return map_leaves(_constant, x)


def _constant(leaf: Any) -> Tracer:
    t = as_tracer(leaf)
    n = t.node  # of which the first axis only repeats
    return wrap(stopped(n) if n.shape else reshape(stopped(reshape(n, (1,))), ()), t.weak)


def vmap(
    fun: Callable, in_axes: Any = 0, out_axes: Any = 0, axis_name: Any = None, axis_size: int | None = None,
) -> Any:
    """A function of one thing as a function of many: mapped along an axis of its arguments.

    Nothing runs one after the other: the axis becomes one more axis of every operation, and of the loops they are fused into.

    Parameters
    ----------
    fun : callable
        The function of one; it may be a transformed one, as in ``vmap(grad(f))``.
    in_axes : int, None or container of such
        The axis of each argument that is mapped over: one for all, or a tuple with one for each argument, or containers of such
        in place of an argument's. None: the argument is the same for all. Keyword arguments are mapped along their first axis.
    out_axes : int, None or container of such
        Where the axis lies in the results; None for what does not depend on what is mapped over.
    axis_name : hashable, optional
        Accepted: there is no function that asks for it.
    axis_size : int, optional
        The length of the axis, where all of `in_axes` is None.

    Raises
    ------
    jitad.errors.ShapeError
        If arguments have different lengths along the axis.
    ValueError
        If `in_axes` or `out_axes` does not fit arguments or results.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> jitad.vmap(lambda x, y: x @ y, in_axes=(0, None))(np.eye(3), np.array([1.0, 2.0, 3.0]))
    array([1., 2., 3.])
    >>> jitad.vmap(jitad.grad(lambda x: x**3))(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    if not callable(fun):
        raise TypeError(f"jitad.vmap takes a function, not a {type(fun).__name__}")
    mapped = functools.partial(_mapped, fun, in_axes, out_axes, axis_size)
    functools.update_wrapper(mapped, fun, updated=())
    return transform.plain(mapped)


def _mapped(fun: Callable, in_axes: Any, out_axes: Any, axis_size: Any, *args: Any, **kwargs: Any) -> Any:
    return _vmap(fun, args, kwargs, in_axes, out_axes, axis_size, batch)
