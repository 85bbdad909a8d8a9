"""Identity of nodes, the typechecker, the printer, and graphs too deep for recursion."""

import numpy as np
import pytest

import jitad
from jitad.autodiff.modes import pullback, pushforward
from jitad.errors import InternalError
from jitad.ir.check import check
from jitad.ir.evaluate import evaluate
from jitad.ir.graph import Graph
from jitad.ir.node import Node
from jitad.ir.show import show
from jitad.ir.types import ArrayType
from jitad.ops.arithmetic import add, sin
from jitad.ops.declare import REGISTRY
from jitad.ops.leaf import constant, iota, new_input

F = np.dtype(float)


def test_one_computation_is_one_node():
    x = new_input(F, (3,))
    assert sin(x) is sin(x) and add(x, x) is add(x, x)
    assert new_input(F, (3,)) is not x  # an input carries its serial number
    assert constant(0.0, F) is not constant(-0.0, F)
    assert constant(1, F) is not constant(1, np.dtype(np.int64)) and constant(True, np.dtype(bool)) is not constant(1,
        np.dtype(np.int8))
    assert constant(float("nan"), F) is constant(float("nan"), F)


def test_chain_of_100_000_operations():
    x = new_input(F, ())
    y = x
    one = constant(1.0 + 1e-9, F)
    for k in range(50_000):
        y = sin(y) if k % 1000 == 0 else y * one
        y = y + one if k % 2 else -y
    graph = Graph((x,), (y, *pullback([y], [x], [constant(1, F)]), *pushforward([y], [x], [constant(1, F)])))
    assert len(graph.nodes()) > 100_000
    check(graph)
    assert show(graph).count("\n") > 100_000
    value, reverse, forward = evaluate(graph, [0.3])
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)


def test_a_long_python_loop_traces_and_differentiates():
    def f(x):
        for _ in range(33_334):
            x = np.sin(x) * 1.01 + 0.5
        return x

    with jitad.disable_jit():
        slope = jitad.grad(f)(0.3)
    assert np.isfinite(slope)


def test_printer():
    x = new_input(F, (3,))
    text = show(Graph((x,), (REGISTRY["sum"].build((x * x,), ((0,),)),)))
    assert text == "inputs  a0: f8[3]\n%0: f8[3] = multiply(a0, a0)\n%1: f8[] = sum(%0; (0,))\noutputs %1"


def test_typechecker_finds_what_is_wrong():
    x, y = new_input(F, (3,)), new_input(F, (3,))
    check(Graph((x, y), (x + y,)))
    with pytest.raises(InternalError, match="not one of the graph's"):
        check(Graph((x,), (x + y,)))
    with pytest.raises(InternalError, match="its rule says"):
        wrong = object.__new__(Node)
        wrong.op, wrong.args, wrong.params, wrong.type = REGISTRY["sin"], (x,), (), ArrayType(F, (4,))
        check(Graph((x,), (wrong,)))
    with pytest.raises(InternalError, match="listed twice"):
        check(Graph((x, x), (x,)))
    from jitad.ir.sizes import symbol

    with pytest.raises(InternalError, match="cannot be read"):
        check(Graph((x,), (iota(symbol("n", 0, 7, 0)),)))
