import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import core

ENGINE = Path(core.__file__).parent

# An engine of two files, so that a start takes a second; the functions of one call a function of the other.
INNER = """
from core.compiled import inlined

@inlined
def weighted(x):
    return 2.0 * x
"""
OUTER = """
from core.compiled import kernel
from core.inner import weighted

@kernel
def total(x):
    return weighted(x) + 1.0

@kernel
def product(x):
    return weighted(x) * 3.0
"""
TOTAL = "from core.outer import total; print(total(5.0))"
BOTH = "from core.outer import product, total; print(total(5.0), product(5.0))"
REST = "[ 0.      -0.31543 -0.80576 -1.34053 -1.63748]"  # Taylor series of order 30 in 50 digits
SIMULATED = """
import core, numpy as np
print(np.round(core.simulate((0.4, 0.4, -0.4, 3.0), np.arange(5) * 0.2)[:, 0], 5))
"""

# The user `nobody`, who can read everything, as the interpreter may lie in a home folder, and write nothing of others.
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
NOBODY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"]


def started_as_nobody():
    try:
        return subprocess.run([*NOBODY, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


needs_another_user = pytest.mark.skipif(
    not started_as_nobody(), reason="Only root can start a program as another user, by setpriv."
)


@pytest.fixture
def checkout(tmp_path):
    """Return a folder with the small engine, which others may read and root alone may write."""
    folder = tmp_path / "checkout"
    (folder / "core").mkdir(parents=True)
    for name in ("compiled.py", "files.py"):
        shutil.copy(ENGINE / name, folder / "core" / name)
    (folder / "core" / "__init__.py").touch()
    (folder / "core" / "inner.py").write_text(INNER)
    (folder / "core" / "outer.py").write_text(OUTER)
    return folder


def start(folder, program, *, user=(), limits=None, **environment):
    """Run a program in a folder and return the last line of its output and the warnings; the home is its own."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o777)
    given = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    ended = subprocess.run(
        [*user, sys.executable, "-c", program],
        cwd=folder,
        env={**given, "HOME": str(home), "TMPDIR": str(home), **environment},
        preexec_fn=limits,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert not list(home.iterdir()), "nothing is left behind in a home or among temporary files"
    return ended.stdout.splitlines()[-1], ended.stderr


def compiled_files(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc"))


def test_functions_of_the_engine_take_their_flags_and_their_cache_from_one_file():
    others = (path for path in ENGINE.rglob("*.py") if path.name != "compiled.py")
    assert [path.name for path in others if "njit" in path.read_text()] == []


@pytest.mark.case("13")
@needs_another_user
def test_a_user_without_a_home_simulates_from_a_checkout_that_cannot_be_written(tmp_path, record_property):
    folder = tmp_path / "checkout"
    shutil.copytree(ENGINE, folder / "core", ignore=shutil.ignore_patterns("__pycache__"))
    printed, warned = start(folder, SIMULATED, user=NOBODY, HOME="/nonexistent")
    record_property("measured", printed)
    assert printed == REST
    assert "Permission denied" in warned
    assert warned.count("Each start compiles the engine anew until NUMBA_CACHE_DIR names a folder") == 1
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.case("14")
@needs_another_user
def test_a_user_who_cannot_write_the_compiled_code_never_computes_with_old_equations(checkout, record_property):
    assert start(checkout, TOTAL) == ("11.0", "")
    assert start(checkout, TOTAL, user=NOBODY) == ("11.0", ""), "what root compiled is read"
    (checkout / "core" / "inner.py").write_text(INNER.replace("2.0", "20.0"))
    other, root = start(checkout, TOTAL, user=NOBODY)[0], start(checkout, TOTAL)[0]
    record_property("measured", f"{root} for root, {other} for the other")
    assert (other, root) == ("101.0", "101.0")
    assert start(checkout, TOTAL, user=NOBODY) == ("101.0", "")


@pytest.mark.case("15")
@pytest.mark.parametrize("given", ["/proc", "/dev/null"])
def test_where_the_given_folder_cannot_be_written_the_one_beside_the_files_is(checkout, given):
    assert start(checkout, TOTAL, NUMBA_CACHE_DIR=given) == ("11.0", "")
    assert len(compiled_files(checkout)) == 1


def test_a_given_folder_is_used(checkout, tmp_path):
    given = tmp_path / "given"
    assert start(checkout, TOTAL, NUMBA_CACHE_DIR=str(given)) == ("11.0", "")
    assert compiled_files(checkout) == []
    assert len(compiled_files(given)) == 1


@pytest.mark.case("15")
def test_a_disk_that_is_full_leaves_the_result_and_one_warning(checkout, record_property):
    def no_space():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    printed, warned = start(checkout, BOTH, limits=no_space)
    record_property("measured", f"{printed}; {warned.count('Compiled code cannot be kept')} warning")
    assert printed == "11.0 30.0"
    assert warned.count("Compiled code cannot be kept") == warned.count("File too large") == 1
    assert compiled_files(checkout) == []


@pytest.mark.case("16")
def test_damaged_compiled_code_is_replaced(checkout, record_property):
    assert start(checkout, BOTH) == ("11.0 30.0", "")
    files = compiled_files(checkout)
    assert len(files) >= 2
    for left in (0, 0.5, 1):  # emptied, cut in half, cut by one byte
        for path in files:
            content = path.read_bytes()
            path.write_bytes(content[: int(left * (len(content) - 1))])
        damaged = [path.stat().st_mtime_ns for path in files]
        printed = start(checkout, BOTH)
        record_property("measured", printed[0])
        assert printed == ("11.0 30.0", "")
        assert compiled_files(checkout) == files
        assert all(path.stat().st_mtime_ns > then for path, then in zip(files, damaged, strict=True)), "written anew"
    mended = [path.stat().st_mtime_ns for path in files]
    assert start(checkout, BOTH) == ("11.0 30.0", "")
    assert [path.stat().st_mtime_ns for path in files] == mended, "read, not compiled"


@pytest.mark.long
def test_compiled_code_of_older_files_is_removed(checkout):
    assert start(checkout, BOTH) == ("11.0 30.0", "")
    before = compiled_files(checkout)
    (checkout / "core" / "inner.py").write_text(INNER.replace("2.0", "20.0"))
    assert start(checkout, BOTH) == ("101.0 300.0", "")
    assert len(compiled_files(checkout)) == len(before)
    assert not set(compiled_files(checkout)) & set(before)


FORKED = """
import multiprocessing
import numpy as np
from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.misfit import simulated_misfit
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.fitzhugh_nagumo.simulate import simulate, simulate_potential
from core.noise import Noise
from core.problem.landscape import misfit
from core.published import time_grid

noise = Noise(0.0, 0.35)
times = time_grid(10.0, 50)
parameters = np.random.default_rng(0).uniform((0.2, 0.2, -0.4, 2.8), (0.6, 0.6, -0.4, 3.2), (200, 4))
trace = np.sin(times)

def work(which):
    few = parameters[: (1, 40, 200)[which]]
    expansions = [each(few, times, trace, noise) for each in (full_hessian, gauss_newton, misfit_gradient)]
    return [
        simulate(few, times),
        simulate_potential(few, times),
        misfit(trace, np.outer(np.linspace(0, 1, len(few)), trace), Noise(0.5, 0.35)),
        simulated_misfit(few, times, trace, noise),
        *sensitivities(few, times),
        *(each.gradient for each in expansions),
        *(each.hessian for each in expansions[:2]),
    ]

def forked(processes):
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return pool.map_async(work, range(3)).get(timeout=400)

before = forked(1)  # alone, as it may have to compile
here = [work(which) for which in range(3)]
for children in (before, forked(2)):
    for ours, theirs in zip(here, children, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one.size and np.isfinite(one).all()
            np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)
print("equal")
"""


@pytest.mark.case("28")
@pytest.mark.case("29")
def test_forked_processes_compute_what_their_parent_does_before_and_after_it_has(record_property):
    """Every function that OpenMP runs is called: with one, some and many trajectories."""
    ended = subprocess.run(
        [sys.executable, "-c", FORKED], cwd=ENGINE.parent, capture_output=True, text=True, check=False
    )
    record_property("measured", ended.stdout.strip())
    assert (ended.returncode, ended.stdout) == (0, "equal\n"), ended.stderr
