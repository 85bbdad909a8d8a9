"""Bessel functions of integer order. Their derivatives are those of the neighbouring orders: nothing is divided by x."""

from __future__ import annotations

from collections.abc import Callable

from jitad.ir.node import Node
from jitad.ops.compare import maximum, sign
from jitad.ops.declare import Elementwise, elementwise
from jitad.ops.leaf import constant_value, full
from jitad.ops.support import mp, next_order, scipy


class _Family:
    """The functions of all orders of one kind; those of 0 and 1 have code of their own. Order -n is n times `reflected`**n."""

    def __init__(self, names: str, code: str, value: Callable, reflected: int, slope: Callable, domain: tuple, even: bool):
        def partial(n: Node, x: Node, out: Node) -> Node:
            return slope(self.of(next_order(n, -1), x), self.of(next_order(n, 1), x), x, out)

        zero, one, general = names.split()
        self.reflected, self.low = reflected, {}
        for n, name in enumerate((zero, one)):
            self.low[n] = elementwise(
                name, numpy=scipy(name), special=name, code=f"bessel_{name}({{x}})", cost=60, domain=domain,
                parity=("even", "odd")[n] if even else None, mpmath=lambda x, n=n: value(n, x),
                partials=lambda x, out, n=n: (partial(full(n, x.dtype, x.shape), x, out),))
        self.general = elementwise(
            general, numpy=scipy(general), special=general, code=f"bessel_{code}(int({{x}}), {{y}})", cost=90, arity=2,
            whole=(0,), domain=((-2, 4), domain), mpmath=value, partials=lambda n, x, out: (None, partial(n, x, out)))

    def of(self, n: Node, x: Node) -> Node:
        """The function of order n, by that of order 1 if it is -1 (DLMF 10.4.1 and 10.27.1)."""
        order = constant_value(n)
        if order == -1:
            return self.low[1](x) if self.reflected > 0 else -self.low[1](x)
        return self.low[order](x) if order in self.low else self.general(n, x)


def _half_difference(below: Node, above: Node, x: Node, out: Node) -> Node:
    return 0.5 * (below - above)


def _half_sum(below: Node, above: Node, x: Node, out: Node) -> Node:
    return 0.5 * (below + above)


def _half_sum_scaled(below: Node, above: Node, x: Node, out: Node) -> Node:
    return 0.5 * (below + above) - sign(x) * out


# DLMF 10.6.1 and 10.29.1.
_BOTH, _RIGHT = (-9.0, 9.0), (0.5, 12.0)
_Family("j0 j1 jv", "jn", lambda n, x: mp("besselj")(n, x), -1, _half_difference, _BOTH, even=True)
_Family("y0 y1 yn", "yn", lambda n, x: mp("bessely")(n, x), -1, _half_difference, _RIGHT, even=False)
_Family("i0 i1 iv", "iv", lambda n, x: mp("besseli")(n, x), 1, _half_sum, _BOTH, even=True)
_Family("i0e i1e ive", "ive", lambda n, x: mp("besseli")(n, x) * mp("exp")(-abs(x)), 1, _half_sum_scaled, _BOTH, even=True)


def _spherical_partials(n: Node, x: Node, out: Node) -> tuple:
    """DLMF 10.51.2; what stands for the order before 0 is multiplied with 0."""
    below, above = maximum(next_order(n, -1), full(0, n.dtype, n.shape)), next_order(n, 1)
    return None, (n * spherical_jn(below, x) - above * spherical_jn(above, x)) / (n + above)


spherical_jn: Elementwise = elementwise(
    "spherical_jn", numpy=scipy("spherical_jn"), code="spherical_jn(int({x}), {y})", arity=2, whole=(0,), cost=60,
    domain=((0, 4), _BOTH), partials=_spherical_partials,
    mpmath=lambda n, x: mp("hyp0f1")(n + 1.5, -x * x / 4) * x**n / mp("fac2")(2 * n + 1))
