"""Containers of numbers and arrays as one flat float64 vector, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Number
from typing import Any

import numpy as np

from jitad.errors import DTypeError
from jitad.tree import Tree, flatten, flatten_like, unflatten


class Layout:
    """Where the leaves of a container lie in a flat vector.

    Parameters
    ----------
    example : number, array, or tuple, list, dict or namedtuple of them
        Lists and tuples of numbers alone are arrays, as everywhere in SciPy. Integers and float32 become float64.

    Attributes
    ----------
    size : int
        Length of the flat vector.
    plain : bool
        Whether the container is a one-dimensional array: the flat vector itself.
    start : ndarray, shape (size,)
        The example, flat.

    Examples
    --------
    >>> import numpy as np
    >>> layout = Layout({"k": 2, "shift": np.zeros((2, 2))})
    >>> layout.start
    array([2., 0., 0., 0., 0.])
    >>> layout.unpack(np.arange(5.0))
    {'k': 0.0, 'shift': array([[1., 2.],
           [3., 4.]])}
    >>> layout.name(3)
    "x['shift'][1, 0]"
    """

    def __init__(self, example: Any):
        leaves, self.tree = flatten(_numbers_as_array(example))
        arrays = [_real(leaf) for leaf in leaves]
        self.shapes: list[tuple[int, ...]] = [a.shape for a in arrays]
        self.sizes = [a.size for a in arrays]
        self.offsets = [0, *np.cumsum(self.sizes).tolist()]
        self.size = self.offsets[-1]
        self.plain = self.tree.kind == "leaf" and arrays[0].ndim == 1
        self.start = np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.empty(0)
        if not self.size:
            raise ValueError(f"the starting point {example!r} holds no numbers; pass an array, a number, or a container of them")

    def unpack(self, flat: np.ndarray) -> Any:
        """The container; its arrays are views of the flat vector, its scalars are floats."""
        if self.plain:
            return flat
        return unflatten(self.tree, [
            flat[a:b].reshape(shape) if shape else float(flat[a])
            for a, b, shape in zip(self.offsets, self.offsets[1:], self.shapes, strict=False)])

    def copy(self, flat: Any) -> Any:
        """The container with arrays of its own: for results and callbacks."""
        return self.unpack(np.array(flat, dtype=float))

    def pack(self, container: Any, what: str = "the gradient") -> np.ndarray:
        """A fresh flat vector of what is shaped like the example; what is flat already is copied."""
        leaves, tree = flatten_like(container, self.tree)
        if tree == self.tree:
            out = np.concatenate([np.ravel(leaf) for leaf in leaves]) if len(leaves) > 1 else np.array(leaves[0]).ravel()
        else:
            out = np.array(container).ravel()
        if out.size != self.size:
            raise ValueError(f"{what} has {out.size} components, but x has {self.size}; return the container of x, {self.tree}, "
                             f"or a vector of length {self.size}")
        return out.astype(float, copy=False)

    def square(self, blocks: Any) -> np.ndarray:
        """The matrix of second derivatives from its nested containers."""
        return matrix(flatten(blocks)[0], self.sizes, self.sizes)

    def name(self, index: int) -> str:
        """How a component of the flat vector is spelled in terms of the container."""
        for path, a, b, shape in zip(paths(self.tree), self.offsets, self.offsets[1:], self.shapes, strict=False):
            if a <= index < b:
                where = ", ".join(str(k) for k in np.unravel_index(index - a, shape)) if shape else ""
                return f"x{path}[{where}]" if where else f"x{path}"
        raise IndexError(index)


def matrix(blocks: Sequence[Any], rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
    """A dense matrix from a row-major list of blocks of any shapes, each of ``row * column`` numbers."""
    if len(blocks) == 1:
        return np.array(blocks[0], dtype=float).reshape(rows[0], columns[0])
    out = np.empty((sum(rows), sum(columns)))
    source, a = iter(blocks), 0
    for r in rows:
        b = 0
        for c in columns:
            out[a:a + r, b:b + c] = np.reshape(next(source), (r, c))
            b += c
        a += r
    return out


def paths(tree: Tree) -> Iterator[str]:
    """How each leaf is reached: ``['k']``, ``[0].shift``."""
    if tree.kind == "leaf":
        yield ""
    if tree.kind == "dict":
        labels = [f"[{k!r}]" for k in tree.keys]
    elif hasattr(tree.kind, "_fields"):
        labels = [f".{k}" for k in tree.kind._fields]
    else:
        labels = [f"[{k}]" for k in range(len(tree.children))]
    for label, child in zip(labels, tree.children, strict=True):
        yield from (label + rest for rest in paths(child))


def _numbers_as_array(value: Any) -> Any:
    """A list or tuple of numbers (nested, rectangular) as the array that NumPy makes of it."""
    if not isinstance(value, (list, tuple)) or hasattr(value, "_fields") or not _only_numbers(value):
        return value
    try:
        return np.array(value)
    except ValueError:  # ragged: a container, then
        return value


def _only_numbers(value: Any) -> bool:
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return all(map(_only_numbers, value))
    return isinstance(value, (Number, np.generic))


def _real(leaf: Any) -> np.ndarray:
    array = np.asarray(leaf)
    if array.dtype.kind not in "fiub":
        raise DTypeError(f"x is made of real numbers, but a part of it is {leaf!r}, of dtype {array.dtype}. What is no number "
                         "can be captured by the function; complex numbers can be passed as real and imaginary parts")
    return array.astype(float)
