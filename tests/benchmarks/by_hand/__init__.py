"""Kernels as a careful person writes them for Numba, without explicit vectors: what jitad is measured against."""

from tests.benchmarks.by_hand import fields, lists, loops, mixture, models, pairs, second, steps

__all__ = ["fields", "lists", "loops", "mixture", "models", "pairs", "second", "steps"]
