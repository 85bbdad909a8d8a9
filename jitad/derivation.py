"""What a function did on fresh inputs, and what a transform makes of it.

Recording and deriving are apart, so that a kernel can be found by what was recorded (the primal graph) and by the name of the
transform; the derivative graph is made only when there is no such kernel yet. A transform of a transformed function is recorded
as one thing: ``hessian`` records the function once and derives twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jitad.autodiff import modes
from jitad.counters import count
from jitad.errors import DTypeError, ShapeError
from jitad.ir.graph import rebuild
from jitad.ir.node import Node
from jitad.ir.types import FLOAT, is_float, show_shape
from jitad.ops.arithmetic import cast
from jitad.ops.leaf import full
from jitad.trace.tracing import where
from jitad.tree import LEAF, Tree, graft


@dataclass(frozen=True)
class Transform:
    """A transform and its options: primitive values only, so that it can be written into keys and pickles."""

    has_aux: bool = False

    name = "jit"
    derivatives = 0
    """The order of the derivatives that it takes."""
    backs = 0
    """How many of these may be of reverse mode."""

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        """The results, given what the recorded function returned."""
        return list(outputs)

    def result_tree(self, r: Recording) -> Tree:
        """The container of the results; known without deriving."""
        return r.tree


def _pair(first: Tree, second: Tree) -> Tree:
    return Tree(tuple, (first, second))


@dataclass(frozen=True)
class Gradient(Transform):
    """`grad` and `value_and_grad`. `several`: argnums was a sequence, so gradients come as a tuple."""

    several: bool = False
    with_value: bool = False

    name = "grad"
    derivatives = 1
    backs = 1

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        out = scalar(r, outputs)
        slopes = modes.pullback([out], r.inputs, [full(1, out.dtype, ())])
        out, *aux = modes.values([out, *outputs[1:]], r.inputs)
        return [out, *aux, *slopes] if self.with_value else [*slopes, *aux]

    def result_tree(self, r: Recording) -> Tree:
        slopes = r.picked(self.several)
        aux = r.tree.children[1] if self.has_aux else None
        if self.with_value:
            return _pair(LEAF if aux is None else _pair(LEAF, aux), slopes)
        return slopes if aux is None else _pair(slopes, aux)


@dataclass(frozen=True)
class Jacobian(Transform):
    """`jacobian`, `jacfwd` and `jacrev`."""

    several: bool = False
    mode: str | None = None

    name = "jacobian"
    derivatives = 1

    @property
    def backs(self) -> int:  # type: ignore[override]
        return int(self.mode != "forward")

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        n = r.value_tree.leaves
        rows = modes.jacobian(outputs[:n], r.inputs, self.mode)
        return [block for row in rows for block in row] + modes.values(outputs[n:], r.inputs)

    def result_tree(self, r: Recording) -> Tree:
        blocks = graft(r.value_tree, r.picked(self.several))
        return _pair(blocks, r.tree.children[1]) if self.has_aux else blocks


@dataclass(frozen=True)
class Forward(Transform):
    """`jvp`: outputs, and their derivatives along the tangents in ``seeds``."""

    name = "jvp"
    derivatives = 1

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        return [*modes.values(outputs, r.inputs), *modes.pushforward(outputs, r.inputs, r.seeds)]

    def result_tree(self, r: Recording) -> Tree:
        return _pair(r.tree, r.tree)


@dataclass(frozen=True)
class Backward(Transform):
    """`vjp`: derivatives of the outputs, weighted by the cotangents in ``seeds``."""

    name = "vjp"
    derivatives = 1
    backs = 1

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        return modes.pullback(outputs[: r.value_tree.leaves], r.inputs, r.seeds)

    def result_tree(self, r: Recording) -> Tree:
        return r.picked(several=True)


@dataclass(frozen=True)
class HessianVector(Transform):
    """`hvp`: the derivative of the gradient along the vector in ``seeds``."""

    name = "hvp"
    derivatives = 2
    backs = 1

    def derive(self, r: Recording, outputs: Sequence[Node]) -> list[Node]:
        out = scalar(r, outputs)
        slopes = modes.pullback([out], r.inputs, [full(1, out.dtype, ())])
        return modes.pushforward(slopes, r.inputs, r.seeds)

    def result_tree(self, r: Recording) -> Tree:
        return r.picked(several=False)


@dataclass(frozen=True)
class Recording:
    """A function run on fresh inputs.

    Attributes
    ----------
    transform : Transform
        What is asked for.
    function : str
        The name of the function, for messages.
    source : tuple of Node, or Recording
        What it returned, flattened; or, if it is a transformed function itself, what was recorded of that.
    tree : Tree
        The container of what it returned.
    inputs, actual : tuples of Node
        The fresh inputs to differentiate by, and what they stand for outside.
    in_trees : tuple of Tree
        The containers of the arguments that they belong to.
    seeds : tuple of Node
        Tangents or cotangents.
    """

    transform: Transform
    function: str
    source: tuple[Node, ...] | Recording
    tree: Tree
    inputs: tuple[Node, ...] = ()
    actual: tuple[Node, ...] = ()
    in_trees: tuple[Tree, ...] = ()
    seeds: tuple[Node, ...] = ()

    @property
    def outputs(self) -> tuple[Node, ...]:
        """What the function returned."""
        return self.source.results if isinstance(self.source, Recording) else self.source

    @cached_property
    def results(self) -> tuple[Node, ...]:
        """What the transform gives, flattened, with the actual arguments put in."""
        outputs = self.outputs
        if type(self.transform) is not Transform:
            count("derivations")
        found = self.transform.derive(self, outputs)
        if self.inputs == self.actual:
            return tuple(found)
        return tuple(rebuild(found, dict(zip(self.inputs, self.actual, strict=True))))

    @property
    def result_tree(self) -> Tree:
        return self.transform.result_tree(self)

    @property
    def value_tree(self) -> Tree:
        """The container of what is differentiated."""
        return self.tree.children[0] if self.transform.has_aux else self.tree

    def picked(self, several: bool) -> Tree:
        """The container of one thing for each argument that is differentiated by."""
        return Tree(tuple, self.in_trees) if several else self.in_trees[0]

    # As data: the nodes in it, and all the rest.

    def nodes(self) -> list[Node]:
        """Every node that the results depend on."""
        inner = self.source.nodes() if isinstance(self.source, Recording) else list(self.source)
        return [*inner, *self.inputs, *self.actual, *self.seeds]

    def with_nodes(self, nodes: list[Node]) -> Recording:
        """The same with other nodes, in the order of `nodes()`; takes them off the list."""
        inner = self.source

        def take(old: Sequence[Node]) -> tuple[Node, ...]:
            return tuple(nodes.pop(0) for _ in old)

        source = inner.with_nodes(nodes) if isinstance(inner, Recording) else take(inner)
        return Recording(self.transform, self.function, source, self.tree, take(self.inputs), take(self.actual), self.in_trees,
                         take(self.seeds))

    def plan(self) -> tuple:
        """What is done with the nodes: with them, all that the results depend on."""
        inner = self.source.plan() if isinstance(self.source, Recording) else len(self.source)
        trees = self.value_tree.leaves, [t.leaves for t in self.in_trees]
        return type(self.transform).__name__, *vars(self.transform).items(), trees, len(self.seeds), inner

    def fresh(self) -> list[Node]:
        """The fresh inputs of all levels."""
        return [*(self.source.fresh() if isinstance(self.source, Recording) else ()), *self.inputs]


def scalar(r: Recording, outputs: Sequence[Node]) -> Node:
    """The one output of a function whose gradient is asked for."""
    if r.value_tree.kind != "leaf":
        raise TypeError(f"the gradient is of functions with one scalar result; {r.function} returned {r.value_tree}"
                        f" (has_aux=True allows a second result){where()}")
    out = outputs[0]
    if out.shape:
        known = all(isinstance(n, int) for n in out.shape)  # other lengths have names that say nothing to the user
        what = f"an array of shape {show_shape(out.shape)}" if known else f"a {len(out.shape)}-dimensional array"
        raise ShapeError(f"the gradient is of scalar functions; {r.function} returned {what}. Sum it, or use "
                         f"jitad.jacobian{where()}")
    if not is_float(out.dtype):
        if not out.args and out.op.name == "constant":
            return cast(out, FLOAT)
        raise DTypeError(f"the gradient is of real functions; {r.function} returned dtype {out.dtype}{where()}")
    return out
