"""Special functions that Numba does not have, as plain Python that is compiled where it is used."""

from jitad.emit.special.entropy import entr, expit, logit, rel_entr, xlog1py, xlogy
from jitad.emit.special.gamma import gamma, gammaln, polygamma
from jitad.emit.special.normal import erfcinv, erfcx, erfinv, hazard, log_ndtr, ndtr, ndtri, tail_ratio

__all__ = [
    "entr", "erfcinv", "erfcx", "erfinv", "expit", "gamma", "gammaln", "hazard", "log_ndtr", "logit", "ndtr", "ndtri",
    "polygamma", "rel_entr", "tail_ratio", "xlog1py", "xlogy"]
