"""How the engine is compiled: its flags, its threads, and a cache that notices a change in any file of the engine."""

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import numba

# Numba's own `workqueue` layer aborts when several sessions call at once; OpenMP allows it.
numba.config.THREADING_LAYER = "omp"  # type: ignore[attr-defined]


def _cache_folder() -> Path:
    """Return a folder for compiled code that only these very files of the engine use.

    Numba looks at the file of a function alone, not at those of the functions it calls. The folder lies where
    NUMBA_CACHE_DIR says, or beside the files; where neither can be written, it is a temporary one.
    """
    here = Path(__file__).parent
    files = (path.read_bytes() for path in sorted(here.glob("*.py")))
    engine = b"".join(content for content in files if b"numba" in content or b"core.compiled" in content)
    given, name = os.environ.get("NUMBA_CACHE_DIR"), f"engine-{sha256(engine).hexdigest()[:12]}"
    folder = Path(given or here / "__pycache__") / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix=name))
    if not given:
        for older in folder.parent.glob("engine-*"):
            if older != folder:
                shutil.rmtree(older, ignore_errors=True)
    return folder


numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]

# NaN marks divergence, so the flags that let a compiler assume it away stay off.
FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}

# A function of one lane's numbers; inlined, the loop over the lanes around it becomes vector instructions.
inlined = numba.njit(fastmath=FAST_MATH, forceinline=True, error_model="numpy")
# Rounded as it is written: other roundings in a vector than in what is left over would make bits depend on the batch.
inlined_as_written = numba.njit(forceinline=True, error_model="numpy")
kernel = numba.njit(fastmath=FAST_MATH, cache=True, error_model="numpy")
# Runs of optimisers in several Python threads integrate side by side.
parallel_kernel = numba.njit(parallel=True, cache=True, nogil=True)
