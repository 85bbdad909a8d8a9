"""Steps of a simulation, and of a recurrent network."""

from __future__ import annotations

import numpy

from tests.benchmarks import by_hand
from tests.benchmarks.constants import FULL, HALF, LAYERS, SOFT, STEPS, TOKENS
from tests.benchmarks.problem import Problem


def leapfrog(np):
    """What becomes of bodies that attract one another; unrolled."""
    def pull(x):
        d = x[None] - x[:, None]
        return (d / ((d**2).sum(-1) + SOFT)[..., None] ** 1.5).sum(1)

    def end(x, v):
        a = pull(x)
        for _ in range(STEPS):
            v = v + HALF * a
            x = x + FULL * v
            a = pull(x)
            v = v + HALF * a
        return (v**2).sum() + (x**2).sum()

    return end


def recurrent(np):
    """The loss of a recurrent network (long short-term memory, as in ADBench: gates element by element) on a text; unrolled."""
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def loss(main, extra, state, text):
        width = extra.shape[1]
        states = list(state)
        total = 0.0
        for t in range(TOKENS):
            x = text[t] * extra[0]
            for k in range(LAYERS):
                w, b = main[2 * k].reshape(4, width), main[2 * k + 1].reshape(4, width)
                hidden, cell = states[2 * k], states[2 * k + 1]
                forget, ingate = sigmoid(x * w[0] + b[0]), sigmoid(hidden * w[1] + b[1])
                outgate, change = sigmoid(x * w[2] + b[2]), np.tanh(hidden * w[3] + b[3])
                cell = cell * forget + ingate * change
                x = outgate * np.tanh(cell)
                states[2 * k], states[2 * k + 1] = x, cell
            y = x * extra[1] + extra[2]
            total = total + (text[t + 1] * (y - np.log(np.exp(y).sum() + 2))).sum()
        return -total / (TOKENS * width)

    return loss


def _text() -> tuple:
    rng = numpy.random.default_rng(0)
    main, extra, state = (rng.normal(size=(rows, columns)) for rows, columns in ((2 * LAYERS, 56), (3, 14), (2 * LAYERS, 14)))
    return main, extra, state, numpy.eye(14)[rng.integers(14, size=TOKENS + 1)]


def problems() -> list[Problem]:
    return [Problem(f"{STEPS} leapfrog steps", "5 bodies", leapfrog,
                    lambda: tuple(numpy.random.default_rng(0).normal(size=(2, 5, 3))), by_hand.steps.leapfrog, argnums=(0, 1),
                    small=True),
            Problem(f"{TOKENS} steps of an LSTM", f"{LAYERS} layers of 14", recurrent, _text, by_hand.steps.recurrent,
                    argnums=(0, 1), small=True)]
