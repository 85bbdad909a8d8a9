"""Molecular dynamics: positions and velocities, or positions and momenta, by kicks and drifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitad.api import grad, jit
from jitad.errors import ShapeError
from jitad.integrate.state import State, function, path
from jitad.ir import sizes
from jitad.ops.arithmetic import negative
from jitad.ops.shape import reshape
from jitad.trace.dim import Dim, dim
from jitad.trace.loop import fori_loop, scan, steps_of
from jitad.trace.rebuild import rebuilt
from jitad.trace.tracer import Tracer, as_tracer, wrap
from jitad.trace.tracing import Trace, current, where


def velocity_verlet(
    potential: Callable, x0: Any, v0: Any, dt: Any, steps: int, *, mass: Any = 1.0, args: tuple = (),
    save_every: int | None = None, force: bool = False,
) -> tuple[Any, Any]:
    """Molecular dynamics at constant energy: ``x'' = force(x) / mass``, in positions and velocities.

    Each step is half a kick, a drift and half a kick: ``v += dt/2 * f(x)/m; x += dt * v; v += dt/2 * f(x)/m``, where the second
    kick and the first of the next step share their force. Forces come from the gradient of the potential, in the same loop.
    Derivatives of any order, with respect to all but `steps` and `save_every`, are those of the steps that were taken, to
    rounding. Reverse mode stores positions and velocities of every step; or, with `save_every`, those that are returned, and
    of the steps between two of them at a time.

    Parameters
    ----------
    potential : callable
        ``potential(x, *args)``: the potential energy, a number, in plain NumPy. With ``force=True`` the forces instead, in the
        container of `x0`.
    x0, v0 : container of array_like
        Positions and velocities at the start, say of shape (atoms, 3).
    dt : float
        The length of a step.
    steps : int
        How many steps are taken; any number of them runs the same kernel.
    mass : container of array_like
        A number for all, or an array whose axes are the first of those of `x0`, as (atoms,) of (atoms, 3), or axes that are as
        long or 1, as (atoms, 1); or a container of such, as `x0` is.
    args : tuple
        Further arguments of `potential`: parameters, lists of neighbours.
    save_every : int, optional
        Return also what was at the start, and after each so many steps, of which `steps` is a multiple.
    force : bool
        Whether `potential` gives forces, not an energy.

    Returns
    -------
    x, v : container
        Positions and velocities after the last step. With `save_every` those at the start, and after each `save_every` steps,
        along a new first axis: at the times ``save_every * dt * np.arange(steps // save_every + 1)``.

    Raises
    ------
    ValueError
        If `steps` is no multiple of `save_every`.
    jitad.errors.ShapeError
        If `potential` gives no number, forces have another shape than positions, or a mass fits to no position.

    Notes
    -----
    Units are the user's, and have to belong together: an energy is a mass times a length squared by a time squared. With
    eV, angstrom and atomic mass units a time is in 10.1805 fs; with kJ/mol, nm and atomic mass units in ps; with kcal/mol,
    angstrom and atomic mass units in 48.8882 fs; with Lennard-Jones' epsilon, sigma and m in tau.

    Examples
    --------
    >>> import numpy as np, jitad
    >>> def spring(x, k):
    ...     return 0.5 * k * (x**2).sum()
    >>> x, v = jitad.integrate.velocity_verlet(spring, np.ones((5, 3)), np.zeros((5, 3)), 0.01, 100, args=(4.0,))
    >>> bool(np.allclose(x, np.cos(2.0), atol=1e-4))
    True
    """
    return _call(_velocities, potential, x0, v0, dt, steps, mass, args, save_every, force, "velocity_verlet")


def leapfrog(
    potential: Callable, q0: Any, p0: Any, dt: Any, steps: int, *, mass: Any = 1.0, args: tuple = (),
    save_every: int | None = None, force: bool = False,
) -> tuple[Any, Any]:
    """Hamilton's equations of ``p**2 / (2*mass) + potential(q)``, in positions and momenta.

    The same steps as those of :func:`velocity_verlet`, whose parameters it has, for the momenta ``p = mass * v``: as used in
    hybrid Monte Carlo. ``p += dt/2 * f(q); q += dt * p/mass; p += dt/2 * f(q)``.

    Returns
    -------
    q, p : container
        Positions and momenta after the last step; with `save_every` those of the way, along a new first axis.

    Examples
    --------
    >>> import jitad
    >>> def energy(q, p):
    ...     return 0.5 * p**2 + q**4
    >>> q, p = jitad.integrate.leapfrog(lambda q: q**4, 1.0, 0.0, 0.01, 200)
    >>> bool(abs(energy(q, p) - energy(1.0, 0.0)) < 1e-3)
    True
    """
    return _call(_momenta, potential, q0, p0, dt, steps, mass, args, save_every, force, "leapfrog")


def _call(run: Callable, potential: Any, x0: Any, v0: Any, dt: Any, steps: Any, mass: Any, args: Any, save_every: Any, force: Any,
          name: str) -> tuple[Any, Any]:
    function(potential, name)
    if not isinstance(args, tuple):
        raise TypeError(f"args of {name} is a tuple, not a {type(args).__name__}: args=(x,) for one{where()}")
    if current() is None:
        return _compiled(run, potential, x0, v0, dt, mass, args, steps=steps, save_every=save_every, force=bool(force), name=name)
    return run(potential, x0, v0, dt, mass, args, steps, save_every, bool(force), name)


def _run(run: Callable, potential: Callable, x0: Any, v0: Any, dt: Any, mass: Any, args: tuple, steps: int,
         save_every: int | None, force: bool, name: str) -> tuple[Any, Any]:
    return run(potential, x0, v0, dt, mass, args, steps, save_every, force, name)


_compiled = jit(_run, static_argnames=("steps", "save_every", "force", "name"))


def _velocities(potential: Callable, x0: Any, v0: Any, dt: Any, mass: Any, args: tuple, *how: Any) -> tuple[Any, Any]:
    start, masses = State(x0, "x0"), _masses(mass, State(x0, "x0"))

    def accelerated(found: list) -> list:
        return [f / m for f, m in zip(found, masses, strict=True)]

    return _integrated(start, v0, "v0", dt, _forces(potential, start, args, how), accelerated, list, *how)


def _momenta(potential: Callable, q0: Any, p0: Any, dt: Any, mass: Any, args: tuple, *how: Any) -> tuple[Any, Any]:
    start, masses = State(q0, "q0"), _masses(mass, State(q0, "q0"))

    def velocities(p: list) -> list:
        return [leaf / m for leaf, m in zip(p, masses, strict=True)]

    return _integrated(start, p0, "p0", dt, _forces(potential, start, args, how), list, velocities, *how)


def _masses(mass: Any, start: State) -> list[Tracer]:
    """One for each leaf, of as many axes."""
    trace = current()
    assert trace is not None
    out = []
    for m, x in zip(start.like(mass, "mass", plain=True), start.leaves, strict=True):
        shape, full = m.node.shape, x.node.shape
        ahead = len(shape) <= len(full) and all(map(trace.same_size, shape, full))
        if ahead:
            shape = (*shape, *(1,) * (len(full) - len(shape)))
        elif len(shape) != len(full) or not all(a == 1 or trace.same_size(a, b) for a, b in zip(shape, full, strict=True)):
            raise ShapeError(f"a mass of shape {m.shape} belongs to positions of shape {x.shape}; it has their first axes, as "
                             f"(atoms,) of (atoms, 3), or as many axes{where()}")
        out.append(wrap(reshape(m.node, shape), m.weak))
    return out


def _forces(potential: Callable, start: State, args: tuple, how: tuple) -> Callable[[list], list]:
    f, is_force, name = rebuilt(potential), how[-2], how[-1]

    def energy(x: Any) -> Any:
        found = as_tracer(f(x, *args))
        if found.node.shape:
            raise ShapeError(f"{name} takes a potential, which gives a number, and got an array of shape {found.shape}; if these "
                             f"are forces, say force=True{where()}")
        return found

    slope = grad(energy)

    def forces(x: list) -> list:
        if is_force:
            return start.same_shapes(f(start.container(x), *args), "the force")
        return [wrap(negative(s.node)) for s in start.like(slope(start.container(x)), "the gradient")]

    return forces


def _integrated(
    start: State, v0: Any, second: str, dt: Any, forces: Callable[[list], list], kicked: Callable[[list], list],
    drifted: Callable[[list], list], steps: Any, save_every: Any, _: bool, name: str,
) -> tuple[Any, Any]:
    """The loop: after half a kick each turn drifts and kicks; what follows half of the kick is the state after a step.

    Reverse mode keeps what a turn starts from, and needs no forces for that.
    """
    trace = current()
    assert trace is not None
    x, v = start.leaves, State(start.same_shapes(v0, second), second).leaves
    h: Any = as_tracer(dt)
    if h.node.shape:
        raise ShapeError(f"dt of {name} is a number, not an array of shape {h.shape}{where()}")

    def moved(y: list, by: Any, rates: list) -> list:
        return [a + by * b for a, b in zip(y, rates, strict=True)]

    def turn(_: Any, state: tuple) -> tuple:
        x, ahead, _ = state
        x = moved(x, h, drifted(ahead))
        rates = kicked(forces(x))
        v = moved(ahead, 0.5 * h, rates)
        return x, moved(v, 0.5 * h, rates), v

    state = x, moved(v, 0.5 * h, kicked(forces(x))), v
    if save_every is None:
        n = dim(steps_of(trace, steps, f"steps of {name}"))
        x, _, v = fori_loop(0, n, turn, state)
        return start.container(x), start.container(v)
    frames, each = _frames(trace, steps, save_every, name)

    def frame(state: tuple, _: Any) -> tuple[tuple, tuple]:
        return turn(0, state) if each == 1 else fori_loop(0, each, turn, state), (state[0], state[2])

    (x, _, v), (xs, vs) = scan(frame, state, None, frames, False)
    return start.container(path(xs, x)), start.container(path(vs, v))


def _frames(trace: Trace, steps: Any, save_every: Any, name: str) -> tuple[Any, Any]:
    """How often something is saved, and the steps between: sizes, so that the kernel is for any numbers."""
    n, each = (steps_of(trace, k, f"{what} of {name}") for k, what in ((steps, "steps"), (save_every, "save_every")))
    if each == 0:
        raise ValueError(f"save_every of {name} is 0; 1 is the least{where()}")
    frames = trace.value(n) // trace.value(each)
    if frames * trace.value(each) != trace.value(n):
        raise ValueError(f"{name} takes {trace.value(n)} steps, which is no multiple of save_every={trace.value(each)}{where()}")
    if type(steps) is Dim:  # the length of something that may be of another length at another call
        trace.assume("==", n, sizes.mul(each, frames))
    return dim(steps_of(trace, frames, f"the results of {name}")), dim(each)
