"""How Numba compiles the engine: flags, threads, the cache of compiled code, and what a forked process runs instead."""

import functools
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps, loads

from core.files import write_bytes

# Numba's own `workqueue` layer aborts when several sessions call at once; OpenMP allows it.
numba.config.THREADING_LAYER = "omp"  # type: ignore[attr-defined]

_ENGINE = Path(__file__).parent
_BESIDE_THE_FILES = _ENGINE / "__pycache__" / "compiled"
_DIGEST_BYTES = sha256().digest_size


@functools.cache
def _source_key(file: Path) -> str:
    """Return a digest of a source file and of every file of the engine that it imports, directly or indirectly."""
    contents, unread = {}, {file}
    while unread:
        path = unread.pop()
        contents[path] = path.read_bytes()
        modules = re.findall(r"\bcore((?:\.\w+)+)", contents[path].decode())
        named = {_ENGINE.joinpath(*module.split(".")).with_suffix(".py") for module in modules}
        unread |= {path for path in named - contents.keys() if path.is_file()}
    return sha256(b"".join(sha256(contents[path]).digest() for path in sorted(contents))).hexdigest()[:16]


class _Folders:
    """The folders to read compiled code from, and the first of them that can be written to, if there is one."""

    def __init__(self) -> None:
        given = os.environ.get("NUMBA_CACHE_DIR")
        self.readable = [Path(given, "inverse-lab").absolute(), _BESIDE_THE_FILES] if given else [_BESIDE_THE_FILES]
        self.writable: Path | None = None
        self.failure: OSError | None = None
        self.warned = False
        for folder in self.readable:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as failure:
                self.failure = self.failure or failure
            else:
                self.writable = folder
                return

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or warn once that compiled code is not kept."""
        if self.writable:
            try:
                self.writable.mkdir(parents=True, exist_ok=True)
                write_bytes(self.writable / name, content)
            except OSError as failure:
                self.writable, self.failure = None, failure
        if not self.writable and not self.warned:
            self.warned = True
            warnings.warn(
                f"Compiled code cannot be kept: {self.failure}. Each start compiles the engine anew until "
                "NUMBA_CACHE_DIR names a folder that can be written.",
                RuntimeWarning,
                stacklevel=2,
            )


_folders = _Folders()


class _CompiledCode(NullCache):
    """The cache of one function's compiled code on disk, with the interface of Numba's own cache.

    Each source, signature, machine and version has its own file. Numba's own cache is not enough, for three reasons. It
    checks a function's own source file but not those of the functions that it calls. It falls back to a folder in the
    user's home. It fails on a truncated file.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        # Computed on import, because a file that is edited later is not the source that this process runs.
        self.name = f"{function.__module__.removeprefix('core.')}.{function.__qualname__}"
        self.source_key = _source_key(Path(function.__code__.co_filename))

    def _file_name(self, signature: Any, codegen: Any) -> str:
        versions = (sys.version, sys.flags.optimize, numba.__version__)
        key = sha256(repr((signature, codegen.magic_tuple(), versions)).encode()).hexdigest()[:16]
        return f"{self.name}-{self.source_key}-{key}.nbc"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code for a signature, or None where its file is missing or damaged."""
        target_context.refresh()
        for folder in _folders.readable:
            try:
                content = (folder / self._file_name(sig, target_context.codegen())).read_bytes()
            except OSError:
                continue
            digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if sha256(code).digest() == digest:
                return CompileResult._rebuild(target_context, *loads(code))
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write the compiled code for a signature; in the engine's own folder, delete files of older sources."""
        if data.library.has_dynamic_globals:  # the code holds addresses that are valid in this process only
            return
        code = dumps(data._reduce())
        _folders.write(self._file_name(sig, data.codegen), sha256(code).digest() + code)
        if _folders.writable == _BESIDE_THE_FILES:
            for file in _BESIDE_THE_FILES.glob(f"{self.name}-*"):
                if not file.name.startswith(f"{self.name}-{self.source_key}-"):
                    with suppress(OSError):  # another process deleted it, or it belongs to another user
                        file.unlink()


def _compile(function: Callable[..., Any], **flags: Any) -> Any:
    compiled = numba.njit(**flags)(function)
    compiled._cache = _CompiledCode(function)
    return compiled


# NaN marks divergence, so these leave out the flags that let the compiler assume that there is no NaN.
FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}

# For functions of one lane's numbers: the compiler turns the loop around the inlined call into vector instructions.
inlined = numba.njit(fastmath=FAST_MATH, forceinline=True, error_model="numpy")
# Without fast math. With it, a vector and the leftover lanes could round differently, and bits depend on the batch.
inlined_as_written = numba.njit(forceinline=True, error_model="numpy")
kernel = functools.partial(_compile, fastmath=FAST_MATH, error_model="numpy")
kernel_as_written = functools.partial(_compile, error_model="numpy")

_openmp_ran_before_the_fork = False


def _after_fork() -> None:
    global _openmp_ran_before_the_fork
    try:
        numba.threading_layer()  # type: ignore[attr-defined]
    except ValueError:  # no parallel kernel has run yet
        return
    _openmp_ran_before_the_fork = True


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork)


def parallel_kernel(function: Callable[..., None]) -> Callable[..., None]:
    """Compile a function whose outer loop, over `numba.prange`, is divided among the threads of OpenMP.

    OpenMP aborts in a process that was forked after OpenMP had run. In such a process, Python runs the outer loop and
    calls the same compiled functions.
    """
    # nogil lets several Python threads, each with its own optimiser, integrate at the same time.
    compiled = _compile(function, parallel=True, nogil=True)

    @functools.wraps(compiled, updated=())
    def run(*arguments: Any) -> None:
        (function if _openmp_ran_before_the_fork else compiled)(*arguments)

    return run
