"""Differential equations as compiled loops: exact derivatives of the steps that are taken, to any order."""

from jitad.integrate.fixed import odeint
from jitad.integrate.initial_value import solve_ivp
from jitad.integrate.verlet import leapfrog, velocity_verlet

__all__ = ["leapfrog", "odeint", "solve_ivp", "velocity_verlet"]
