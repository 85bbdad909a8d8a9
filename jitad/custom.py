"""Functions whose derivative the user states, with JAX's names: `custom_jvp`, `custom_vjp`."""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jitad.ops.shape import zeros
from jitad.trace import custom as traced
from jitad.trace.capture import Watch
from jitad.trace.place import Attribute, Place
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import as_tracer, wrap
from jitad.trace.tracing import current, where
from jitad.tree import map_leaves

__all__ = ["custom_jvp", "custom_vjp"]


class _Custom:
    """What both have in common: which arguments are differentiated, and how a call is made."""

    _defines = ""
    _rules: tuple[str, ...] = ()

    def __init__(self, fun: Callable, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()):
        if not callable(fun):
            raise TypeError(f"jitad.{type(self).__name__} takes a function, not a {type(fun).__name__}")
        functools.update_wrapper(self, fun, updated=())
        self.fun = fun
        try:
            self._signature: inspect.Signature | None = inspect.signature(fun)
        except (TypeError, ValueError):
            self._signature = None
        self.nondiff_argnums = self._numbers(nondiff_argnums, nondiff_argnames)

    def _numbers(self, numbers: Any, names: Any) -> tuple[int, ...]:
        parameters = list(self._signature.parameters) if self._signature else []
        numbers = [numbers] if isinstance(numbers, int) else numbers
        names = [names] if isinstance(names, str) else names
        wrong = [n for n in names if n not in parameters]
        if wrong:
            raise ValueError(f"nondiff_argnames has {wrong[0]!r}, which is no argument of {self._name}")
        return tuple(sorted({*map(operator.index, numbers), *map(parameters.index, names)}))

    @property
    def _name(self) -> str:
        return getattr(self.fun, "__name__", type(self.fun).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(getattr(self, name) is None for name in self._rules):
            raise AttributeError(f"{self._name} is a {type(self).__name__} function without a rule: give it one with "
                                 f"{self._name}.{self._defines}{where()}")
        trace = current()
        if trace is None:
            return self.fun(*args, **kwargs)
        for name in ("fun", *self._rules):
            trace.root.watches.append(Watch(Attribute(Place(self), name), getattr(self, name)))
        given = self._positional(args, kwargs)
        fixed = [k % len(given) for k in self.nondiff_argnums if -len(given) <= k < len(given)]
        if len(fixed) < len(self.nondiff_argnums):
            raise ValueError(f"nondiff_argnums of {self._name} is {self.nondiff_argnums}, but it was called with {len(given)} "
                             f"positional arguments{where()}")
        return traced.call(self._name, self.fun, given, sorted(fixed), self._record())

    def _positional(self, args: tuple, kwargs: dict) -> tuple:
        if self._signature is None:
            if kwargs:
                raise TypeError(f"{self._name} has no signature, and takes no keyword arguments here{where()}")
            return args
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(f"{self._name} has keyword-only arguments ({', '.join(bound.kwargs)}), in which a "
                            f"{type(self).__name__} rule states no derivative: make them positional{where()}")
        return bound.args

    def _record(self) -> Any:
        raise NotImplementedError

    def __reduce__(self) -> str | tuple:
        found: Any = sys.modules.get(self.fun.__module__)
        for name in self.fun.__qualname__.split("."):
            found = getattr(found, name, None)
        if found is self:
            return self.fun.__qualname__
        return _remade, (type(self), self.fun, self.nondiff_argnums, {n: getattr(self, n) for n in self._rules})

    def __repr__(self) -> str:
        return f"<jitad.{type(self).__name__} of {getattr(self.fun, '__qualname__', self.fun)!s}>"


def _remade(kind: type, fun: Callable, nondiff_argnums: tuple, rules: dict) -> Any:
    made = kind(fun, nondiff_argnums)
    vars(made).update(rules)
    return made


class custom_jvp(_Custom):
    """A function whose derivative is stated by a rule for tangents.

    A decorator. The function is called as ever; where it is differentiated, in whatever mode and order, the rule is, not what the
    function does. Second derivatives are those of the rule.

    Parameters
    ----------
    fun : callable
        Ordinary NumPy code. Arguments and results are numbers, arrays and containers of them.
    nondiff_argnums : sequence of int
        Arguments without derivative, which the rule is handed as they are, before all else: functions, options, numbers.
    nondiff_argnames : sequence of str
        The same by name.

    Notes
    -----
    The rule is traced when the function is called within a transform that takes derivatives. Tangents of arguments that are no
    floats are zeros. In a value that the function takes from around it, or in an argument of `nondiff_argnums`, there is no
    derivative: asking for it is an error. Keyword arguments are resolved to positions.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> @jitad.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), (1 - 1 / (1 + np.exp(x))) * t
    >>> jitad.grad(log1pexp)(100.0)
    1.0
    """

    _defines = "defjvp"
    _rules = ("jvp",)

    jvp: Callable | None

    def __init__(self, fun: Callable, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()):
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.jvp = None

    def defjvp(self, jvp: Callable, symbolic_zeros: bool = False) -> Callable:
        """State the derivative.

        Parameters
        ----------
        jvp : callable
            ``jvp(*nondiff_args, primals, tangents) -> (results, tangents of the results)``, linear in the tangents. `primals` and
            `tangents` are tuples with one entry for each argument that is differentiated.
        symbolic_zeros : bool
            Not supported: tangents that are zero come as zeros.

        Returns
        -------
        callable
            The rule.
        """
        if not callable(jvp):
            raise TypeError(f"defjvp takes a function, not a {type(jvp).__name__}")
        _refuse(symbolic_zeros)
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Callable | None) -> None:
        """State the derivative argument by argument.

        Parameters
        ----------
        *jvps : callable or None
            One for each argument: ``jvp(tangent, result, *primals)``; None where the derivative is zero.

        Examples
        --------
        >>> import numpy as np, jitad
        >>> @jitad.custom_jvp
        ... def product(x, y):
        ...     return x * y
        >>> product.defjvps(lambda t, out, x, y: t * y, lambda t, out, x, y: x * t)
        >>> jitad.grad(product, (0, 1))(2.0, 3.0)
        (3.0, 2.0)
        """
        if self.nondiff_argnums:
            raise TypeError("defjvps is for functions without nondiff_argnums; use defjvp")
        if not all(j is None or callable(j) for j in jvps):
            raise TypeError("defjvps takes one function, or None, for each argument")
        self.jvp = _Each(self, jvps)

    def _record(self) -> Any:
        assert self.jvp is not None
        return traced.tangents_of(self.jvp, getattr(self.jvp, "__name__", "given"))


class _Each:
    """The rule made of one for each argument."""

    __name__ = "given to defjvps"

    def __init__(self, fun: custom_jvp, jvps: tuple[Callable | None, ...]):
        self.fun, self.jvps = fun, jvps

    def __call__(self, primals: tuple, tangents: tuple) -> tuple:
        if len(primals) != len(self.jvps):
            raise TypeError(f"{self.fun._name} has {len(primals)} arguments, and defjvps got {len(self.jvps)} functions{where()}")
        out = self.fun(*primals)
        found = [rebuilt(j)(t, out, *primals) for j, t in zip(self.jvps, tangents, strict=True) if j is not None]
        total = found[0] if found else map_leaves(lambda leaf: wrap(zeros(as_tracer(leaf).node)), out)
        for more in found[1:]:
            total = map_leaves(operator.add, total, more)
        return out, total


class custom_vjp(_Custom):
    """A function whose derivative is stated by a rule for cotangents.

    A decorator. In reverse mode what `fwd` has kept and the cotangents of the results go to `bwd`, which gives those of the
    arguments. There is no forward mode: `jvp` and `jacfwd` of it are errors. Second derivatives are those of `fwd` and `bwd`.

    Parameters
    ----------
    fun : callable
        Ordinary NumPy code. Arguments and results are numbers, arrays and containers of them.
    nondiff_argnums : sequence of int
        Arguments without derivative, which `bwd` is handed as they are, before all else.
    nondiff_argnames : sequence of str
        The same by name.

    Notes
    -----
    `fwd` and `bwd` are traced when the function is called within a transform that takes derivatives. `bwd` need not be linear:
    it is run once for each call, with the sum of all cotangents. What it needs of `fwd` is stored or computed again, whichever
    costs less. In a value that the function takes from around it, or in an argument of `nondiff_argnums`, there is no derivative:
    asking for it is an error.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> @jitad.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1.0, 1.0),))
    >>> jitad.grad(lambda x: 5 * clipped(x) ** 2)(3.0)
    1.0
    """

    _defines = "defvjp"
    _rules = ("fwd", "bwd")

    fwd: Callable | None
    bwd: Callable | None

    def __init__(self, fun: Callable, nondiff_argnums: Sequence[int] = (), nondiff_argnames: Sequence[str] = ()):
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd = self.bwd = None

    def defvjp(self, fwd: Callable, bwd: Callable, symbolic_zeros: bool = False, optimize_remat: bool = False) -> None:
        """State the derivative.

        Parameters
        ----------
        fwd : callable
            ``fwd(*args) -> (results, kept)``: the function, and whatever `bwd` needs.
        bwd : callable
            ``bwd(*nondiff_args, kept, cotangents) -> tuple`` with the cotangent of each argument that is differentiated; None,
            for an argument or inside of one, is zero.
        symbolic_zeros : bool
            Not supported: cotangents that are zero come as zeros.
        optimize_remat : bool
            Accepted, and not needed.
        """
        if not callable(fwd) or not callable(bwd):
            raise TypeError("defvjp takes two functions, fwd and bwd")
        _refuse(symbolic_zeros)
        self.fwd, self.bwd = fwd, bwd

    def _record(self) -> Any:
        assert self.fwd is not None and self.bwd is not None
        names = getattr(self.fwd, "__name__", "fwd"), getattr(self.bwd, "__name__", "bwd")
        return traced.cotangents_of(self.fwd, self.bwd, names)


def _refuse(symbolic_zeros: bool) -> None:
    if symbolic_zeros:
        raise NotImplementedError("symbolic_zeros is not supported: zeros come as arrays")
