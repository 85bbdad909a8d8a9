"""How many steps are taken in one go, where loops are cut: functions of lengths that no polynomial is."""


def iroot(n: int, k: int) -> int:
    """The largest c with c**k <= n; 1 of 0."""
    c = max(1, int(n ** (1 / k)))
    while (c + 1)**k <= n:
        c += 1
    while c > 1 and c**k > n:
        c -= 1
    return c


def stretch(n: int, rows: int) -> int:
    """How many of n steps are taken in one go, if of more than `rows` not all carries are kept: n, or an even number."""
    return max(n, 1) if n <= rows else 2 * max(1, int(n**0.5) // 2)
