"""SciPy's optimizers with exact derivatives supplied: the same calls, from plain NumPy functions of any container."""

from jitad.optimize.curves import curve_fit
from jitad.optimize.equations import root, root_scalar
from jitad.optimize.minimization import minimize
from jitad.optimize.nonfinite import NonFiniteWarning
from jitad.optimize.regression import least_squares
from jitad.optimize.search import basinhopping, dual_annealing, shgo

__all__ = ["NonFiniteWarning", "basinhopping", "curve_fit", "dual_annealing", "least_squares", "minimize", "root", "root_scalar",
           "shgo"]
