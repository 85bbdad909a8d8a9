"""The page of what is supported: it is what the tables say, it leaves nothing out, and every example of it holds."""

import re
import types

import numpy as np
import pytest
from scipy import special

import jitad
from jitad import errors
from jitad.trace.numpy_api import advice, functions, ufuncs
from jitad.trace.numpy_api.registry import scipy
from tests.supported import refused
from tests.supported.page import ARGUMENTS, DROPPED, GROUPS, PATH, expressions, found, function, page, spelled, values

pytestmark = pytest.mark.filterwarnings("ignore")  # of names that a NumPy is about to drop
HERE = re.compile(r"\n  at .*/tests/supported/page\.py, line 1\b")

ROWS = [r for rows in GROUPS.values() for r in rows]
SUPPORTED = [name for r in ROWS for name in r.names]
REFUSED = {**refused.REFUSED, **refused.SPECIAL}
NOT_NUMBERS = [n for names in refused.NOT_NUMBERS.values() for n in names.split()]
LISTED = [*SUPPORTED, *REFUSED, *NOT_NUMBERS]
UFUNC_METHODS = {"reduce", "accumulate", "outer", "at", "reduceat"}


def public(module, prefix=""):
    names = [n for n in module.__all__ if callable(getattr(module, n)) and not isinstance(getattr(module, n), type)]
    return [prefix + n for n in names if not isinstance(getattr(module, n), types.ModuleType)]


def of_scipy():
    """What stands for functions of scipy.special."""
    return [f"special.{name}" for module, name in scipy if module == "scipy.special" and hasattr(special, name)]


def test_the_page_is_what_the_tables_say():
    there = PATH.read_text()
    if all(found(n) is not None for n in LISTED if n not in DROPPED):
        assert page() == there, "python -m tests.supported"
    else:
        assert set(page().splitlines()) - set(there.splitlines()) == set()


def test_nothing_is_left_out():
    missing = {*public(np), *public(np.linalg, "linalg."), *of_scipy()} - set(LISTED)
    assert not missing, sorted(missing)
    gone = {"itemset", "newbyteorder", "ptp", "tostring"}  # in older versions of NumPy 2, only to say that they are
    assert not {n for n in dir(np.ndarray) if not n.startswith("_")} - gone - {
        *(n[1:] for n in SUPPORTED if n.startswith(".")), *refused.METHODS.split(), *refused.NO_ATTRIBUTES.split()}
    assert UFUNC_METHODS <= {n.rsplit(".", 1)[-1] for n in LISTED if "." in n[1:]}


def test_what_the_library_declares_is_on_the_page():
    shown = {id(found(name)) for name in (*SUPPORTED, *refused.REFUSED)}
    for f in (*functions, *ufuncs):
        assert id(f) in shown, f


def test_nothing_is_listed_twice():
    twice = {n for n in LISTED if LISTED.count(n) > 1}
    assert not twice


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.names[0])
def test_example(row):
    assert spelled(row.names[0]) in row.examples[0]
    for _, e in expressions(row):
        f = function(e)
        want = values(f(*ARGUMENTS))
        with jitad.disable_jit():
            got = values(jitad.jit(f)(*ARGUMENTS))
            for a, b in zip(map(np.asarray, got), map(np.asarray, want), strict=True):
                assert (a.shape, a.dtype) == (b.shape, b.dtype), e
                np.testing.assert_allclose(a, b, rtol=1e-6 if b.dtype == np.float32 else 1e-12, atol=1e-13, err_msg=e)
            if all(np.asarray(v).dtype == float for v in want):
                jitad.testing.check_grads(f, ARGUMENTS, order=1)


@pytest.mark.parametrize("expression", [e for r in ROWS for e in r.refused])
def test_argument_that_is_not_supported(expression):
    with pytest.raises(errors.JitadError) as info, jitad.disable_jit():
        jitad.jit(function(expression))(*ARGUMENTS)
    assert HERE.search(str(info.value)), info.value


@pytest.mark.parametrize("name", [n for n in REFUSED if found(n) is not None])
def test_refusal_says_what_to_write(name):
    with pytest.raises(errors.TraceError) as info, jitad.disable_jit():
        jitad.jit(function(REFUSED[name]))(*ARGUMENTS)
    message = str(info.value)
    assert HERE.search(message), message
    if name.startswith("special.") and not isinstance(found(name), np.ufunc):  # SciPy's own Python, which cannot be seen
        assert "numpy.asarray(t)" in message
        return
    assert getattr(found(name), "__name__", name).rsplit(".", 1)[-1] in message and advice(name) in message, message


@pytest.mark.parametrize("name", refused.METHODS.split() + refused.NO_ATTRIBUTES.split())
def test_method_that_is_refused(name):
    with pytest.raises((errors.TraceError, AttributeError), match=name) as info, jitad.disable_jit():
        jitad.jit(function(f"x.{name}()"))(*ARGUMENTS)
    assert HERE.search(str(info.value)), info.value


def test_plain_values_are_numpys():
    """What is refused of traced arrays is not of others."""
    def f(x):
        roots, (quotient, _) = np.roots([1.0, -3.0, 2.0]), np.polydiv([1.0, 0.0], [2.0])
        return x * roots[0] + quotient[0] + np.asarray_chkfinite([1.0])[0] + np.unique([2, 2]).size + np.fromiter((4,), int)[0]

    with jitad.disable_jit():
        assert jitad.jit(f)(1.5) == pytest.approx(f(1.5))


@pytest.mark.parametrize("expression", ["x.sum(axis=3)", "np.swapaxes(m, 0, 5)", "m[..., ...]", "len(x[0])", "np.stack([])"])
def test_numpys_errors_name_the_line(expression):
    with pytest.raises((ValueError, IndexError, TypeError)) as info, jitad.disable_jit():
        jitad.jit(function(expression))(*ARGUMENTS)
    assert HERE.search(str(info.value)), info.value


def test_advice_is_followed():
    """What is advised in place of functions is what they are."""
    x, y = ARGUMENTS[:2]
    gammaln, rel_entr = special.gammaln, special.rel_entr
    for got, want in [
        (special.erfc(-x / np.sqrt(2)) / 2, special.ndtr(x)), (-np.logaddexp(0, -x), special.log_expit(x)),
        (np.exp(x**2) * special.erfc(x), special.erfcx(x)), (np.expm1(x) / x, special.exprel(x)),
        (gammaln(x) + gammaln(y) - gammaln(x + y), special.betaln(x, y)), (rel_entr(x, y) - x + y, special.kl_div(x, y)),
        (np.exp(gammaln(x + y) - gammaln(x)), special.poch(x, y)), (np.expm1(y * np.log(x)) / y, special.boxcox(x, y)),
        (np.where(abs(y) < x, y**2 / 2, x * (abs(y) - x / 2)), special.huber(x, y)),
        (np.logaddexp.reduce(x), special.logsumexp(x)),
    ]:
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)
