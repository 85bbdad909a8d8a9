"""Special functions that Numba does not have, as plain Python that is compiled where it is used."""

from jitad.emit.special.bessel import bessel_j0, bessel_j1, bessel_jn, bessel_y0, bessel_y1, bessel_yn
from jitad.emit.special.elementary import (
    cosdg,
    cosm1,
    cotdg,
    entr,
    expit,
    kl_div,
    log_expit,
    logit,
    rel_entr,
    sindg,
    tandg,
    xlog1py,
    xlogy,
)
from jitad.emit.special.exponential import (
    boxcox,
    boxcox1p,
    exp1,
    exp_moment,
    expi,
    expn,
    exprel,
    inv_boxcox,
    inv_boxcox1p,
    log_moment,
)
from jitad.emit.special.gamma import beta, betaln, gamma, gammaln, polygamma
from jitad.emit.special.modified import bessel_i0, bessel_i0e, bessel_i1, bessel_i1e, bessel_iv, bessel_ive
from jitad.emit.special.normal import erfcinv, erfcx, erfinv, hazard, log_ndtr, ndtr, ndtri, tail_ratio

__all__ = [
    "bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "bessel_iv", "bessel_ive", "bessel_j0", "bessel_j1", "bessel_jn",
    "bessel_y0", "bessel_y1", "bessel_yn", "beta", "betaln", "boxcox", "boxcox1p", "cosdg", "cosm1", "cotdg", "entr",
    "erfcinv", "erfcx", "erfinv", "exp1", "exp_moment", "expi", "expit", "expn", "exprel", "gamma", "gammaln", "hazard",
    "inv_boxcox", "inv_boxcox1p", "kl_div", "log_expit", "log_moment", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma",
    "rel_entr", "sindg", "tail_ratio", "tandg", "xlog1py", "xlogy"]
