"""Writes erf.csv beside it: x and erf x at 1537 points from −6 to 6, as C's math library computes them.

    npm run goldens -- --only graph/golden/erf
"""

import math
import pathlib

lines = [f"{x!r},{math.erf(x)!r}\n" for x in (i / 128 for i in range(-768, 769))]
pathlib.Path(__file__).with_name("erf.csv").write_text("".join(lines))
