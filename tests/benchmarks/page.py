"""docs/performance.md."""
def write(rows, peaks): pass
