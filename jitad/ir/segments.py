"""How many steps are taken in one go, where loops are cut: functions of lengths that no polynomial is.

If carries before `rows` steps are kept at once, and each step is taken `times` times, so many can be gone back through:
``rows * (rows + 1) * ... * (rows + times - 1) / times!`` (Griewank and Walther, Algorithm 799, ACM Trans. Math. Softw. 26 (2000)
19; one row more here, as the last step is no exception).
"""


def iroot(n: int, k: int) -> int:
    """The largest c with c**k <= n; 1 of 0."""
    c = max(1, int(n ** (1 / k)))
    while (c + 1)**k <= n:
        c += 1
    while c > 1 and c**k > n:
        c -= 1
    return c


def kept(n: int, levels: int, most: int) -> int:
    """Before how many of n steps carries are kept at once: all up to `most`; else as few as do, if each is taken ``levels + 1``
    times."""
    if n <= max(most, 1):
        return max(n, 1)
    low, high = 0, int((2.0 * n) ** 0.5) + 1  # too few, and enough
    while high - low > 1:
        rows = (low + high) // 2
        far = rows
        for k in range(1, levels + 1):
            if far < n:  # lest numbers get too large
                far = far * (rows + k) // (k + 1)
        if far < n:
            low = rows
        else:
            high = rows
    return high


def ahead(n: int, rows: int) -> int:
    """How many of n steps to take until carries are kept next, with `rows` to keep them in: all, if they are kept before each."""
    far, times, last = rows, 1, n
    while far < n:
        last, times = far, times + 1
        far = far * (rows + times - 1) // times
    return last
