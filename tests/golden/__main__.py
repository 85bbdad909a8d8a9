"""``python -m tests.golden`` writes the kept kernels anew; look at the difference before committing it."""

import pathlib

from tests.golden.cases import CASES, source

for name in CASES:
    pathlib.Path(__file__).with_name(f"{name}.txt").write_text(source(name))
