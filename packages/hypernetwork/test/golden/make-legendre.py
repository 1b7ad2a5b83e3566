"""Writes legendre.json: Legendre polynomials P_0 .. P_8 by NumPy in float64.

Run: python3 make-legendre.py (NumPy only). Tolerance of the test: 1e-14 absolute.
"""

import json
from pathlib import Path

import numpy as np
from numpy.polynomial import legendre

points = np.linspace(-1, 1, 21)
values = [legendre.Legendre.basis(degree)(points).tolist() for degree in range(9)]
target = Path(__file__).parent / "legendre.json"
target.write_text(json.dumps({"numpy": np.__version__, "points": points.tolist(), "values": values}) + "\n")
