"""Random NumPy programs, as text: what is wrong with one can be shown, and is shown, by itself.

A program is a function of positions ``x`` (n, 3), charges ``q`` (n,), data ``w`` (d,), a field ``u`` (g, h), a number ``s``,
a list of pairs ``i``, ``j`` (p,) and a table of neighbours ``t`` (n, m). Each statement makes one array from earlier ones, and
keeps it within a few units, so that numbers neither grow nor vanish however long the program is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ARGUMENTS = {"x": ("n", 3), "q": ("n",), "w": ("d",), "u": ("g", "h"), "s": ()}
INDICES = {"i": ("p",), "j": ("p",), "t": ("n", "m")}

UNARY = [
    "np.sin({a})", "np.tanh({a})", "{a} * {a}", "{a}**3 / (1 + {a}**2)", "1 / (1.5 + {a} * {a})", "np.sqrt(1 + {a} * {a})",
    "np.exp(-{a} * {a})", "np.exp(-{k} * np.abs({a}))", "-{a}", "np.abs({a})", "np.log(1.5 + {a} * {a})", "np.log1p({a}**2)",
    "{k} * {a}", "np.clip({a}, -0.7, 0.9)", "np.where({a} > {k}, {a}, {k} * {a} - 0.1)", "(1 + {a}**2) ** -{k}",
    "np.arctan({a})", "np.cos({a} + {k})", "np.maximum({a}, 0.0)", "np.arctan2({a}, 1 + {k} * {a}**2)", "{a} / {k}",
    "1 / np.sqrt(0.3 + {a}**2)", "np.cbrt(2 + np.sin({a}))", "np.where({a} > 0, np.sqrt(np.where({a} > 0, {a}, 1.0)) * {a}, 0.0)",
    "np.logaddexp({a}, {k})", "np.expm1(0.3 * np.tanh({a}))", "{a} - np.floor({a} * 0.01)", "np.hypot({a}, {k})",
    "special.erf({a})", "special.erfc({a} * {k})", "np.where(np.abs({a}) < {k}, ({k} - np.abs({a})) ** 3, 0.0)",
    "np.cosh(np.tanh({a}))", "np.sign({a}) * {a}**2 / (1 + np.abs({a}))", "np.minimum({a}, {k})", "(0.2 + {a}**2) ** -3 * 0.01",
]
BINARY = [
    "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / (1.2 + {b} * {b})", "np.maximum({a}, {b})", "np.minimum({a}, {b})",
    "np.where({a} > {b}, {a} * {b}, {b})", "np.hypot({a}, 1 + {b} * {b})", "{k} * {a} + {b}", "np.exp(-({a} - {b}) ** 2)",
    "np.log(1 + {a}**2 + {b}**2)", "({a} - {b}) ** 2", "np.where({b} < {k}, {a}, 0.0)", "({a} + {b}) * ({a} - {b})",
    "np.arctan2({a}, 1 + {b}**2)", "{a} * {b} - {b} * {k}", "np.logaddexp({a}, {b})",
]
SUMS = [  # over the axis {axis}
    "({a}).sum({axis})", "({a}).mean({axis})", "np.sum({a} * {a}, {axis})", "np.sqrt(1 + ({a} * {a}).sum({axis}))",
    "({a}).max({axis})", "({a}).min({axis})", "np.log(1.1 + ({a}) ** 2).sum({axis})", "np.log(np.exp({a}).sum({axis}))",
    "np.linalg.norm({a}, axis={axis})", "special.logsumexp({a}, axis={axis})", "({a}).std({axis})",
    "np.where({a} > 0, {a}, 0.0).sum({axis})", "np.prod(np.cos({a}), axis={axis})",
]
SAME = [  # of any array with the axis {axis}
    "np.cumsum({a}, {axis}) / {a}.shape[{axis}]", "np.roll({a}, 1, {axis})", "np.roll({a}, -2, {axis})", "np.flip({a}, {axis})",
    "{a} - {a}.mean({axis}, keepdims=True)", "np.concatenate([{first}, {rest}], {axis})", "np.sort({a}, {axis})",
    "{a} / (1 + np.abs({a}).sum({axis}, keepdims=True))", "np.exp({a} - {a}.max({axis}, keepdims=True))",
]
LAST = 4  # how many of the last arrays are sure to be used


@dataclass(frozen=True)
class Value:
    name: str
    shape: tuple


class Program:
    """Statements so far, and the arrays they made."""

    def __init__(self, rng):
        self.rng, self.lines = rng, []
        self.values = [Value(name, shape) for name, shape in ARGUMENTS.items()]

    def number(self):
        return self.rng.choice(["0.3", "0.5", "0.7", "1.3", "1.5", "2.0", "s"])

    def pick(self, test=lambda shape: True):
        """One of the values, more often a late one; None where there is none."""
        fit = [v for v in self.values if test(v.shape)]
        return fit[-1 - min(int(self.rng.geometric(0.25)) - 1, len(fit) - 1)] if fit else None

    def add(self, text, shape):
        name = f"v{len(self.lines)}"
        if self.rng.random() < 0.3:
            text = f"np.tanh({text})"
        self.lines.append(f"{name} = {text}")
        self.values.append(Value(name, shape))
        return self.values[-1]

    def write(self, templates, shape, **names):
        return self.add(str(self.rng.choice(templates)).format(k=self.number(), **names), shape)

    # One kind of statement each. They give None where nothing fits.

    def unary(self):
        a = self.pick()
        return self.write(UNARY, a.shape, a=a.name)

    def binary(self):
        a = self.pick()
        b = self.pick(lambda shape: len(shape) <= len(a.shape) and a.shape[len(a.shape) - len(shape):] == shape)
        return self.write(BINARY, a.shape, a=a.name, b=b.name)

    def columns(self):
        """A number for each row together with the rows."""
        a = self.pick(lambda shape: len(shape) > 1)
        b = a and self.pick(lambda shape: shape == a.shape[:-1])
        return b and self.write(BINARY, a.shape, a=a.name, b=f"{b.name}[..., None]")

    def reduction(self):
        a = self.pick(lambda shape: len(shape) > 0)
        axis = int(self.rng.integers(len(a.shape)))
        return a and self.write(SUMS, a.shape[:axis] + a.shape[axis + 1:], a=a.name, axis=axis)

    def along(self):
        a = self.pick(lambda shape: len(shape) > 0)
        axis = int(self.rng.integers(len(a.shape)))
        before = ":, " * axis
        return self.write(SAME, a.shape, a=a.name, axis=axis, first=f"{a.name}[{before}:1]", rest=f"{a.name}[{before}:-1]")

    def looked_up(self):
        a = self.pick(lambda shape: shape[:1] == ("n",) and len(shape) < 3 and shape != ("n", "n"))
        way = int(self.rng.integers(4))
        if way == 0:
            return self.add(f"{a.name}[i] - {a.name}[j]", ("p", *a.shape[1:]))
        if way == 1:
            return self.add(f"{a.name}[t] - {a.name}[:, None]", ("n", "m", *a.shape[1:]))
        if way == 2:
            return self.add(f"{a.name}[i]", ("p", *a.shape[1:]))
        return self.add(f"{a.name}[t]", ("n", "m", *a.shape[1:]))

    def scattered(self):
        a = self.pick(lambda shape: shape[:1] == ("p",))
        if a is None:
            return None
        way = int(self.rng.integers(3))
        index = self.rng.choice(["i", "j"])
        if way == 0 and a.shape == ("p",):
            return self.add(f"np.bincount({index}, {a.name}, len(x))", ("n",))
        b = self.pick(lambda shape: shape == ("n", *a.shape[1:]))
        start = f"{b.name} * {self.number()}" if b and way == 1 else f"np.zeros((len(x), *{a.name}.shape[1:]))"
        made = self.add(start, ("n", *a.shape[1:]))
        self.lines.append(f"np.add.at({made.name}, {index}, {a.name})")
        return made

    def pairs(self):
        a = self.pick(lambda shape: shape in (("n",), ("n", 3)))
        way = int(self.rng.integers(5))
        if way == 0:
            return self.add(f"{a.name}[:, None] - {a.name}", ("n", "n", *a.shape[1:]))
        if way == 1:
            b = self.pick(lambda shape: shape == a.shape)
            return self.add(f"{a.name}[:, None] * {b.name}[None]", ("n", "n", *a.shape[1:]))
        if way == 2:
            a = self.pick(lambda shape: shape == ("n", "n"))
            return a and self.add(f"np.where(np.eye(len(x), dtype=bool), {self.number()}, {a.name})", ("n", "n"))
        if way == 3:
            a = self.pick(lambda shape: shape == ("n", "n"))
            return a and self.add(f"np.{self.rng.choice(['triu', 'tril'])}({a.name}, {self.rng.integers(-1, 2)})", ("n", "n"))
        k = len(self.lines)
        self.lines.append(f"a{k}, b{k} = np.triu_indices(len(x), 1)")
        return self.add(f"(({a.name}[a{k}] - {a.name}[b{k}]) ** 2).sum(0) * 0.1", a.shape[1:])

    def field(self):
        a = self.pick(lambda shape: shape == ("g", "h"))
        if self.rng.random() < 0.5:
            sides = " + ".join(f"np.roll({{a}}, {by}, {axis})" for by, axis in ((1, 0), (-1, 0), (1, 1)))
            return self.write([f"{sides} - 3 * {{a}}"], a.shape, a=a.name)
        return self.write(["np.pad({a}[1:, :-1] - {a}[:-1, 1:], ((0, 1), (1, 0)))"], a.shape, a=a.name)

    def products(self):
        a = self.pick(lambda shape: len(shape) == 2)
        way = int(self.rng.integers(3))
        if way == 0:
            b = self.pick(lambda shape: shape == (a.shape[1],))
            return b and self.add(f"{a.name} @ {b.name}", a.shape[:1])
        if way == 1:
            return self.add(f"{a.name}.T @ {a.name}", (a.shape[1], a.shape[1])) if a.shape[1] == 3 else None
        b = self.pick(lambda shape: shape == a.shape)
        return self.add(f"np.einsum('ab,ab->a', {a.name}, {b.name})", a.shape[:1])

    def shuffled(self):
        a = self.pick(lambda shape: shape == ("n", 3))
        way = int(self.rng.integers(4))
        if way == 0:
            return self.add(f"{a.name}[:, {self.rng.integers(3)}]", ("n",))
        if way == 1:
            return self.add(f"{a.name}.reshape(-1)[::3]", ("n",))
        if way == 2:
            b, c = self.pick(lambda shape: shape == ("n",)), self.pick(lambda shape: shape == ("n",))
            return self.add(f"np.stack([{b.name}, {c.name}, {b.name} * {c.name}], -1)", ("n", 3))
        return self.add(f"np.cross({a.name}, np.roll({a.name}, 1, 0))", ("n", 3))

    def repeated(self):
        """A step that is written out many times, as by a loop of Python's; or a loop of jitad's."""
        a = self.pick(lambda shape: 0 < len(shape) < 3 and shape != ("n", "n"))
        b = self.pick(lambda shape: shape == a.shape)
        body = str(self.rng.choice(BINARY)).format(a="c", b=b.name, k="0.7")
        if self.rng.random() < 0.3 and a.shape[0] == "n":
            body = f"{body} - 0.1 * c[t].sum(1)"
        made = self.add(a.name, a.shape)
        k, count = made.name, int(self.rng.choice([3, 9, 17]))
        name = f"step_{k}"
        self.lines.append(f"{name} = lambda c: np.tanh(0.9 * c + 0.2 * ({body}))")
        if self.rng.random() < 0.5:
            self.lines.append(f"for _ in range({count}):\n        {k} = {name}({k})")
        else:
            self.lines.append(f"{k} = jitad.fori_loop(0, {count}, lambda _, c: {name}(c), {k})")
        return made

    KINDS = {
        "unary": 6, "binary": 6, "columns": 2, "reduction": 5, "along": 2, "looked_up": 4, "scattered": 3, "pairs": 4, "field": 2,
        "products": 2, "shuffled": 2, "repeated": 1,
    }

    def statement(self):
        names, weights = list(self.KINDS), np.array(list(self.KINDS.values()), float)
        return getattr(self, str(self.rng.choice(names, p=weights / weights.sum())))()

    def end(self):
        """All that nothing else may have used is part of the sum."""
        used = " ".join(self.lines)
        last = [v.name for v in self.values if used.count(v.name) <= 1][-2 * LAST:]
        last += [v.name for v in self.values[-LAST:] if v.name not in last]
        return " + ".join(self.rng.choice(ENDS).format(a=name) for name in last)


ENDS = [
    "({a}).sum()", "({a}).mean()", "np.sin({a}).sum()", "(np.tanh({a}) ** 2).sum()", "np.log(2 + np.sin({a})).sum()",
    "np.log1p(({a}) ** 2).sum()", "np.sum({a} * np.cos({a}))", "np.exp(np.tanh({a})).mean()",
]


def source(seed, length):
    """The text of a function ``energy(x, q, w, u, s, i, j, t)`` of `length` statements."""
    program = Program(np.random.default_rng(seed))
    while len(program.lines) < length:
        program.statement()
    body = "\n    ".join([*program.lines, f"return {program.end()}"])
    return f"def energy({', '.join([*ARGUMENTS, *INDICES])}):\n    {body}\n"


def arguments(seed, turn=0):
    """Random arrays, of other lengths in every turn but for `m`: what is a small number is a kernel of its own."""
    width = int(np.random.default_rng([seed, 1]).choice([1, 2, 3, 4, 5, 12]))
    rng = np.random.default_rng([seed, 2, turn])
    sizes = {
        "n": int(rng.choice([5, 7, 13, 24, 40])), "p": int(rng.choice([5, 30, 77])), "d": int(rng.choice([9, 50, 203])),
        "g": int(rng.choice([5, 9, 17])), "h": int(rng.choice([6, 8, 20])), "m": width,
    }
    lengths = {name: tuple(sizes.get(n, n) for n in shape) for name, shape in (ARGUMENTS | INDICES).items()}
    return [rng.normal(size=lengths[name])[()] for name in ARGUMENTS] + [
        rng.integers(0, sizes["n"], lengths[name]) for name in INDICES]
