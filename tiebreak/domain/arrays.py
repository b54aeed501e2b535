"""Array types by what they hold; a docstring gives the shape, as in ``float32[n, d]``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
"""Vectors and cosines."""
Floats64 = npt.NDArray[np.float64]
"""Probabilities, logits, weights, statistics."""
Ids = npt.NDArray[np.int64]
"""Record ids."""
Positions = npt.NDArray[np.int64]
"""Positions in another array, label codes, counts."""
Flags = npt.NDArray[np.bool_]
"""Yes or no of each."""
Hashes = npt.NDArray[np.void]
"""Content hashes, V32."""
