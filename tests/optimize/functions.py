"""Smooth functions that several tests minimize, with the minimum that is known."""

import numpy as np

METHODS = ["BFGS", "CG", "Newton-CG", "L-BFGS-B", "TNC", "SLSQP", "trust-constr", "dogleg", "trust-ncg", "trust-krylov",
           "trust-exact"]
WITHOUT = ["Nelder-Mead", "Powell", "COBYLA", "COBYQA"]
# no gtol below 1e-8: the trust regions compare values, which have 1e-16 and so are flat to 1e-8
OPTIONS = {"BFGS": {"gtol": 1e-8}, "CG": {"gtol": 1e-8, "maxiter": 2000}, "Newton-CG": {"xtol": 1e-10}, "L-BFGS-B": {
    "gtol": 1e-9, "ftol": 1e-15}, "TNC": {"maxfun": 2000, "xtol": 1e-10, "ftol": 1e-15, "gtol": 1e-10}, "SLSQP": {"ftol": 1e-14},
    "trust-constr": {"gtol": 1e-9, "xtol": 1e-12}, "dogleg": {"gtol": 1e-7}, "trust-ncg": {"gtol": 1e-7},
    "trust-krylov": {"gtol": 1e-7}, "trust-exact": {"gtol": 1e-7}}


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def bowl(x):
    """Convex, so that dogleg may be used: minimum 0 at 1, 2, 3, ..."""
    d = x - np.arange(1, len(x) + 1)
    return (np.cosh(d) - 1).sum() + 0.5 * d.sum() ** 2


class Counting:
    """A function that remembers where it was called."""

    def __init__(self, f):
        self.f, self.points = f, []
        self.__name__ = "counting"

    def __call__(self, x, *args):
        self.points.append(np.array(x).tobytes())
        return self.f(x, *args)
