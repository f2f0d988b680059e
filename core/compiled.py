"""How the engine is compiled: its flags, its threads, and a cache that notices a change in any file of the engine."""

from hashlib import sha256
from pathlib import Path

import numba

# Numba's own `workqueue` layer aborts when several sessions call at once; OpenMP allows it.
numba.config.THREADING_LAYER = "omp"  # type: ignore[attr-defined]

# Numba's cache looks at the file of a function alone, not at those of the functions it calls.
_HERE = Path(__file__).parent
if not numba.config.CACHE_DIR:  # type: ignore[attr-defined]
    _engine = b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.py")))
    numba.config.CACHE_DIR = str(_HERE / "__pycache__" / sha256(_engine).hexdigest()[:12])  # type: ignore[attr-defined]

# NaN marks divergence, so the flags that let a compiler assume it away stay off.
FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}

# A function of one lane's numbers; inlined, the loop over the lanes around it becomes vector instructions.
inlined = numba.njit(fastmath=FAST_MATH, forceinline=True, error_model="numpy")
kernel = numba.njit(fastmath=FAST_MATH, cache=True, error_model="numpy")
parallel_kernel = numba.njit(parallel=True, cache=True)
