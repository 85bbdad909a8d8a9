"""Special functions that Numba does not have, as plain Python that is compiled where it is used."""

from jitad.emit.special.bessel import bessel_j0, bessel_j1, bessel_jn, bessel_y0, bessel_y1, bessel_yn
from jitad.emit.special.entropy import entr, expit, logit, rel_entr, xlog1py, xlogy
from jitad.emit.special.gamma import beta, betaln, gamma, gammaln, polygamma
from jitad.emit.special.modified import bessel_i0, bessel_i0e, bessel_i1, bessel_i1e, bessel_iv, bessel_ive
from jitad.emit.special.normal import erfcinv, erfcx, erfinv, hazard, log_ndtr, ndtr, ndtri, tail_ratio

__all__ = [
    "bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "bessel_iv", "bessel_ive", "bessel_j0", "bessel_j1", "bessel_jn",
    "bessel_y0", "bessel_y1", "bessel_yn", "beta", "betaln", "entr", "erfcinv", "erfcx", "erfinv", "expit", "gamma",
    "gammaln", "hazard", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma", "rel_entr", "tail_ratio", "xlog1py", "xlogy"]
