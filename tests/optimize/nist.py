"""The nonlinear regression problems of NIST StRD: a parser of their files, and their models in plain NumPy."""

import pathlib
import re
from dataclasses import dataclass

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "data" / "nist_strd"


def bennett5(x, b1, b2, b3):
    return b1 * (b2 + x) ** (-1 / b3)


def saturation(x, b1, b2):
    return b1 * (1 - np.exp(-b2 * x))


def chwirut(x, b1, b2, b3):
    return np.exp(-b1 * x) / (b2 + b3 * x)


def danwood(x, b1, b2):
    return b1 * x**b2


def enso(x, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    year, long, short = 2 * np.pi * x / 12, 2 * np.pi * x / b4, 2 * np.pi * x / b7
    return (b1 + b2 * np.cos(year) + b3 * np.sin(year) + b5 * np.cos(long) + b6 * np.sin(long)
            + b8 * np.cos(short) + b9 * np.sin(short))


def eckerle4(x, b1, b2, b3):
    return b1 / b2 * np.exp(-0.5 * ((x - b3) / b2) ** 2)


def gauss(x, b1, b2, b3, b4, b5, b6, b7, b8):
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-((x - b4) ** 2) / b5**2) + b6 * np.exp(-((x - b7) ** 2) / b8**2)


def cubic_by_cubic(x, b1, b2, b3, b4, b5, b6, b7):
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)


def kirby2(x, b1, b2, b3, b4, b5):
    return (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2)


def lanczos(x, b1, b2, b3, b4, b5, b6):
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-b4 * x) + b5 * np.exp(-b6 * x)


def mgh09(x, b1, b2, b3, b4):
    return b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4)


def mgh10(x, b1, b2, b3):
    return b1 * np.exp(b2 / (x + b3))


def mgh17(x, b1, b2, b3, b4, b5):
    return b1 + b2 * np.exp(-x * b4) + b3 * np.exp(-x * b5)


def misra1b(x, b1, b2):
    return b1 * (1 - (1 + b2 * x / 2) ** (-2))


def misra1c(x, b1, b2):
    return b1 * (1 - (1 + 2 * b2 * x) ** (-0.5))


def misra1d(x, b1, b2):
    return b1 * b2 * x * (1 + b2 * x) ** (-1)


def nelson(x, b1, b2, b3):
    """Of the logarithm of y."""
    return b1 - b2 * x[0] * np.exp(-b3 * x[1])


def rat42(x, b1, b2, b3):
    return b1 / (1 + np.exp(b2 - b3 * x))


def rat43(x, b1, b2, b3, b4):
    return b1 / (1 + np.exp(b2 - b3 * x)) ** (1 / b4)


def roszman1(x, b1, b2, b3, b4):
    return b1 - b2 * x - np.arctan(b3 / (x - b4)) / np.pi


MODELS = {
    "Bennett5": bennett5, "BoxBOD": saturation, "Chwirut1": chwirut, "Chwirut2": chwirut, "DanWood": danwood, "ENSO": enso,
    "Eckerle4": eckerle4, "Gauss1": gauss, "Gauss2": gauss, "Gauss3": gauss, "Hahn1": cubic_by_cubic, "Kirby2": kirby2,
    "Lanczos1": lanczos, "Lanczos2": lanczos, "Lanczos3": lanczos, "MGH09": mgh09, "MGH10": mgh10, "MGH17": mgh17,
    "Misra1a": saturation, "Misra1b": misra1b, "Misra1c": misra1c, "Misra1d": misra1d, "Nelson": nelson, "Rat42": rat42,
    "Rat43": rat43, "Roszman1": roszman1, "Thurber": cubic_by_cubic,
}


@dataclass
class Problem:
    """One data set. `starts` has two rows; `deviations` are the certified standard deviations of the parameters."""

    name: str
    x: np.ndarray
    y: np.ndarray
    starts: np.ndarray
    certified: np.ndarray
    deviations: np.ndarray
    sum_of_squares: float
    residual_deviation: float

    @property
    def model(self):
        return MODELS[self.name]

    @property
    def freedom(self):
        """Degrees of freedom, counted: the file of Rat43 says 9, but its deviations belong to 15 - 4 = 11."""
        return len(self.y) - len(self.certified)

    def residuals(self, b):
        return self.y - self.model(self.x, *[b[k] for k in range(len(self.certified))])


def number(text, name):
    return float(re.search(rf"^{name}:\s*(\S+)", text, re.M).group(1))


def read(name):
    """Parse a file: a block of parameters, the sums, and behind the last "Data:" the columns y, x (or y, x1, x2)."""
    text = (FOLDER / f"{name}.dat").read_text()
    rows = re.findall(r"^\s*b\d+\s*=\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$", text, re.M)
    table = np.array(rows, dtype=float)
    columns = text[text.rindex("Data:"):].splitlines()[1:]
    data = np.array([line.split() for line in columns if line.strip()], dtype=float)
    y, x = data[:, 0], data[:, 1] if data.shape[1] == 2 else data[:, 1:].T.copy()
    assert len(y) == int(number(text, "Number of Observations"))
    return Problem(name, np.ascontiguousarray(x), np.log(y) if name == "Nelson" else y.copy(), table[:, :2].T.copy(),
                   table[:, 2].copy(), table[:, 3].copy(), number(text, "Residual Sum of Squares"),
                   number(text, "Residual Standard Deviation"))


NAMES = sorted(MODELS)
