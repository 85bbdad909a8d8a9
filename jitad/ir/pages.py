"""Rows of arrays that lie well beside one another in memory.

Processors take a read for one of what was just written if both are at the same place of a page of 4,096 bytes, and wait: loops
that read and write rows which lie so take up to two times longer. It is so for rows of 512 numbers, and for those of nearly as
many.
"""

PAGE = 4096  # bytes
ROWS = 9  # that a loop reads and writes: positions, what they are multiplied with, and derivatives
APART = 5  # vectors


def spaced(length: int, size: int, width: int) -> int:
    """The least length of rows, in elements of `size` bytes, of which `ROWS` lie apart in pages; whole vectors of `width`."""
    page, near = PAGE // size, APART * width
    length = -(-length // width) * width
    while length >= near and any(not near <= k * length % page <= page - near for k in range(1, ROWS)):
        length += width
    return length
