"""The 35 test problems of Moré, Garbow and Hillstrom, ACM Trans. Math. Softw. 7 (1981) 17-41, in plain NumPy.

A problem is its residuals; what is minimized is the sum of their squares. Numbers, starts and minima are those of the paper. The
paper prints the residual of problem 11 with a sign lost in typesetting; here it is the form that has the published minimum.

The sum of squares at the start, which no minimum would check, is worked out by hand where the start makes that easy; written as a
square of seven digits it is the norm that the test driver of MINPACK prints, else the value of the CUTEst collection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
GAUSSIAN = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])
MEYER = np.array([34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872.0])
KOWALIK = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
KOWALIK_U = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
OSBORNE_1 = np.array([
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558,
    0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406])
OSBORNE_2 = np.array([
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602, 0.626,
    0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391,
    0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625,
    0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054])


def upto(m):
    return np.arange(1.0, m + 1)


def rosenbrock(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x):
    return np.array([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])


def powell_badly_scaled(x):
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def beale(x):
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** upto(3))


def jennrich_sampson(x):
    i = upto(10)
    return 2 + 2 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


def helical_valley(x):
    angle = np.arctan(x[1] / x[0]) / (2 * np.pi) + np.where(x[0] > 0, 0.0, 0.5)
    return np.array([10 * (x[2] - 10 * angle), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


def bard(x):
    u = upto(15)
    v = 16 - u
    return BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


def gaussian(x):
    t = (8 - upto(15)) / 2
    y = np.concatenate([GAUSSIAN, GAUSSIAN[-2::-1]])
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - y


def meyer(x):
    return x[0] * np.exp(x[1] / (45 + 5 * upto(16) + x[2])) - MEYER


def gulf(x):
    t = upto(99) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return np.exp(-np.abs(y - x[1]) ** x[2] / x[0]) - t


def box(x):
    t = 0.1 * upto(10)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def powell_singular(x):
    return np.array([x[0] + 10 * x[1], np.sqrt(5) * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, np.sqrt(10) * (x[0] - x[3]) ** 2])


def wood(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0], np.sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
                     np.sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / np.sqrt(10)])


def kowalik_osborne(x):
    u = KOWALIK_U
    return KOWALIK - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = upto(20) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def osborne_1(x):
    t = 10 * (upto(33) - 1)
    return OSBORNE_1 - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def biggs(x):
    t = 0.1 * upto(13)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


def osborne_2(x):
    t = (upto(65) - 1) / 10
    return OSBORNE_2 - (x[0] * np.exp(-t * x[4]) + x[1] * np.exp(-((t - x[8]) ** 2) * x[5])
                        + x[2] * np.exp(-((t - x[9]) ** 2) * x[6]) + x[3] * np.exp(-((t - x[10]) ** 2) * x[7]))


def watson(x):
    n = len(x)
    t, j = upto(29)[:, None] / 29, np.arange(n)
    values = t**j
    slopes = np.concatenate([np.zeros((29, 1)), j[1:] * t ** j[:-1]], axis=1)
    return np.concatenate([slopes @ x - (values @ x) ** 2 - 1, x[:1], x[1:2] - x[:1] ** 2 - 1])


def extended_rosenbrock(x):
    odd, even = x[::2], x[1::2]
    return np.concatenate([10 * (even - odd**2), 1 - odd])


def extended_powell_singular(x):
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    return np.concatenate([a + 10 * b, np.sqrt(5) * (c - d), (b - 2 * c) ** 2, np.sqrt(10) * (a - d) ** 2])


def penalty_1(x):
    return np.concatenate([np.sqrt(1e-5) * (x - 1), [(x**2).sum() - 0.25]])


def penalty_2(x):
    n = len(x)
    i = np.arange(2.0, n + 1)
    y = np.exp(i / 10) + np.exp((i - 1) / 10)
    e = np.exp(x / 10)
    return np.concatenate([[x[0] - 0.2], np.sqrt(1e-5) * (e[1:] + e[:-1] - y), np.sqrt(1e-5) * (e[1:] - np.exp(-0.1)),
                           [((n - np.arange(n)) * x**2).sum() - 1]])


def variably_dimensioned(x):
    s = (upto(len(x)) * (x - 1)).sum()
    return np.concatenate([x - 1, [s, s**2]])


def trigonometric(x):
    n = len(x)
    return n - np.cos(x).sum() + upto(n) * (1 - np.cos(x)) - np.sin(x)


def brown_almost_linear(x):
    return np.concatenate([x[:-1] + x.sum() - (len(x) + 1), [np.prod(x) - 1]])


def discrete_boundary_value(x):
    n = len(x)
    h = 1 / (n + 1)
    zero = np.zeros(1)
    return 2 * x - np.concatenate([zero, x[:-1]]) - np.concatenate([x[1:], zero]) + h**2 * (x + h * upto(n) + 1) ** 3 / 2


def discrete_integral_equation(x):
    n = len(x)
    h = 1 / (n + 1)
    t = h * upto(n)
    kernel = np.where(t[None] <= t[:, None], (1 - t[:, None]) * t[None], t[:, None] * (1 - t[None]))
    return x + h / 2 * (kernel * (x + t + 1) ** 3).sum(1)


def broyden_tridiagonal(x):
    zero = np.zeros(1)
    return (3 - 2 * x) * x - np.concatenate([zero, x[:-1]]) - 2 * np.concatenate([x[1:], zero]) + 1


def broyden_banded(x):
    n = len(x)
    offset = np.arange(n)[None] - np.arange(n)[:, None]
    band = (offset >= -5) & (offset <= 1) & (offset != 0)
    return x * (2 + 5 * x**2) + 1 - np.where(band, x * (1 + x), 0.0).sum(1)


def linear_full_rank(x):
    m, n = 10, len(x)
    common = -2 / m * x.sum() - 1
    return np.concatenate([x + common, common * np.ones(m - n)])


def linear_rank_1(x):
    return upto(10) * (upto(len(x)) * x).sum() - 1


def linear_rank_1_with_zeros(x):
    m, n = 10, len(x)
    weights = np.where((np.arange(n) > 0) & (np.arange(n) < n - 1), upto(n), 0.0)
    factors = np.where((np.arange(m) > 0) & (np.arange(m) < m - 1), np.arange(m), 0.0)
    return factors * (weights * x).sum() - 1


def chebyquad(x):
    y = 2 * x - 1
    before, now = np.ones(len(x)), y
    out = []
    for i in range(1, len(x) + 1):
        out.append(now.mean() + (1 / (i**2 - 1) if i % 2 == 0 else 0.0))
        before, now = now, 2 * y * now - before
    return np.array(out)


@dataclass
class Problem:
    """Residuals, the standard start, the sum of squares there, and published minima of it."""

    number: int
    residuals: Callable
    start: list | np.ndarray
    at_start: float
    minima: list

    @property
    def name(self):
        return f"{self.number:02}-{self.residuals.__name__}-{len(self.start)}"


def cubic_start(n):
    t = upto(n) / (n + 1)
    return t * (t - 1)


def boundary_value_at_start(n):
    """There x + t + 1 = t^2 + 1, and the second difference of x is that of t^2."""
    h = 1 / (n + 1)
    return sum((h**2 * (((k * h) ** 2 + 1) ** 3 / 2 - 2)) ** 2 for k in range(1, n + 1))


def integral_equation_at_start(n):
    """The two sums of the paper, element by element."""
    h, total = 1 / (n + 1), 0.0
    for i in range(1, n + 1):
        t = i * h
        below = sum(j * h * ((j * h) ** 2 + 1) ** 3 for j in range(1, i + 1))
        above = sum((1 - j * h) * ((j * h) ** 2 + 1) ** 3 for j in range(i + 1, n + 1))
        total += (t * (t - 1) + h * ((1 - t) * below + t * above) / 2) ** 2
    return total


E = np.exp(-1.0)
PROBLEMS = [
    Problem(1, rosenbrock, [-1.2, 1], 24.2, [0]),
    Problem(2, freudenstein_roth, [0.5, -2], 400.5, [0, 48.9842]),
    Problem(3, powell_badly_scaled, [0, 1], 1 + (E - 1e-4) ** 2, [0]),
    Problem(4, brown_badly_scaled, [1, 1], (1e6 - 1) ** 2 + (1 - 2e-6) ** 2 + 1, [0]),
    Problem(5, beale, [1, 1], 1.5**2 + 2.25**2 + 2.625**2, [0]),
    Problem(6, jennrich_sampson, [0.3, 0.4], 64.58565**2, [124.362]),
    Problem(7, helical_valley, [-1, 0, 0], 2500, [0]),
    Problem(8, bard, [1, 1, 1], 6.456136**2, [8.21487e-3, 17.4286]),
    Problem(9, gaussian, [0.4, 1, 0], 3.888106991166885e-6, [1.12793e-8]),
    Problem(10, meyer, [0.02, 4000, 250], 41153.47**2, [87.9458]),
    Problem(11, gulf, [5, 2.5, 0.15], 12.11070582556949, [0]),
    Problem(12, box, [0, 10, 20], 32.11158**2, [0]),
    Problem(13, powell_singular, [3, -1, 0, 1], 215, [0]),
    Problem(14, wood, [-3, -1, -3, -1], 19192, [0]),
    Problem(15, kowalik_osborne, [0.25, 0.39, 0.415, 0.39], 0.07289151**2, [3.07505e-4, 1.02734e-3]),
    Problem(16, brown_dennis, [25, 5, -5, -1], 2815.438**2, [85822.2]),
    Problem(17, osborne_1, [0.5, 1.5, -1, 0.01, 0.02], 0.9375640**2, [5.46489e-5]),
    Problem(18, biggs, [1, 2, 1, 1, 1, 1], 0.77907007565597, [0, 5.65565e-3]),
    Problem(19, osborne_2, [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], 1.446865**2, [4.01377e-2]),
    Problem(20, watson, np.zeros(6), 30, [2.28767e-3]),
    Problem(20, watson, np.zeros(9), 30, [1.39976e-6]),
    Problem(20, watson, np.zeros(12), 30, [4.72238e-10]),
    Problem(21, extended_rosenbrock, [-1.2, 1] * 10, 242, [0]),
    Problem(22, extended_powell_singular, [3, -1, 0, 1] * 4, 860, [0]),
    Problem(23, penalty_1, upto(4), 14e-5 + 29.75**2, [2.24997e-5]),
    Problem(23, penalty_1, upto(10), 285e-5 + 384.75**2, [7.08765e-5]),
    Problem(24, penalty_2, np.full(4, 0.5), 2.34000880546302, [9.37629e-6]),
    Problem(24, penalty_2, np.full(10, 0.5), 162.65277656596712, [2.93660e-4]),
    Problem(25, variably_dimensioned, 1 - upto(10) / 10, 3.85 + 38.5**2 + 38.5**4, [0]),
    Problem(26, trigonometric, np.full(10, 0.1), 0.007075759469, [0, 2.79506e-5]),
    Problem(27, brown_almost_linear, np.full(10, 0.5), 16.53022**2, [0, 1]),
    Problem(28, discrete_boundary_value, cubic_start(10), boundary_value_at_start(10), [0]),
    Problem(29, discrete_integral_equation, cubic_start(10), integral_equation_at_start(10), [0]),
    Problem(30, broyden_tridiagonal, -np.ones(10), 21, [0]),
    Problem(31, broyden_banded, -np.ones(10), 360, [0]),
    Problem(32, linear_full_rank, np.ones(5), 25, [5]),
    Problem(33, linear_rank_1, np.ones(5), 291.5218**2, [10 * 9 / (2 * 21)]),
    Problem(34, linear_rank_1_with_zeros, np.ones(5), 1 + 15884 + 1, [(100 + 30 - 6) / (2 * 17)]),
    Problem(35, chebyquad, upto(8) / 9, 0.1965139**2, [3.51687e-3]),
    Problem(35, chebyquad, upto(9) / 10, 0.1699499**2, [0]),
    Problem(35, chebyquad, upto(10) / 11, 0.1837478**2, [6.50395e-3]),
]
