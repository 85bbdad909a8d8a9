"""The table of nodes: one object for each computation, whoever makes it, and nothing kept that is gone."""

import gc
import threading

from jitad.ir import node as nodes
from jitad.ir.types import FLOAT
from jitad.ops.arithmetic import add, multiply
from jitad.ops.leaf import constant, new_input

ROUNDS = 300


def test_threads_make_the_same_nodes():
    x = new_input(FLOAT, ())
    barrier = threading.Barrier(4)
    wrong, made = [], [[None] * ROUNDS for _ in range(4)]

    def work(mine):
        for k in range(ROUNDS):
            barrier.wait()
            mine[k] = add(multiply(x, constant(float(k), FLOAT)), x)
            if k:  # as a thread may be dropping what others are about to make
                mine[k - 1] = add(multiply(x, constant(float(k - 1), FLOAT)), x)
                if mine[k - 1] is not add(multiply(x, constant(float(k - 1), FLOAT)), x):
                    wrong.append(k)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    for same in zip(*made, strict=True):
        assert all(n is same[0] for n in same)


def test_what_is_gone_leaves_the_table():
    gc.collect()
    x = new_input(FLOAT, ())
    nodes._remove(nodes._dead)
    before = len(nodes._table)
    for k in range(20):
        chain = x
        for _ in range(500):
            chain = chain * float(k)
    del chain
    new_input(FLOAT, ())
    assert len(nodes._table) <= before + nodes._MANY + 3


def test_an_identity_that_is_used_again_is_another_node():
    x = new_input(FLOAT, ())
    seen = set()
    for k in range(2000):  # the arguments of dead nodes have had every address
        y = constant(float(k), FLOAT)
        product = multiply(x, y)
        assert product.args[1] is y and product.args[1].params == y.params
        seen.add(id(y))
    assert len(seen) < 2000
