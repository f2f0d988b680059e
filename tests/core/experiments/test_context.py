import numpy as np
import pytest
from distributed import LocalCluster

from core.experiments.context import Context, records
from core.files import read_json
from core.parallel import completed, workers

TASKS = {"first": ("a", 2), "second": ("b", 3), "third": ("c", 4)}


def repeat(text, n):
    return {"text": text * n}


def fail(text, n):
    raise AssertionError("It was kept: nothing was to be computed.")


def posterior_mean(i):
    # The processes of the other tests start sooner without torch.
    from core.experiments.limit import problem_of
    from core.maps.test_sets import published_test_set
    from core.posterior.exact import posterior

    return {"mean": posterior(problem_of(published_test_set(), i)).mean.tolist()}


@pytest.fixture
def context(tmp_path):
    lines = []
    return Context(lines.append, tmp_path), lines


def test_results_are_kept_and_not_computed_again(context):
    where, lines = context
    with workers(None, 2):
        found = records(repeat, TASKS, where, "repeats")
        assert records(fail, TASKS, where, "repeats") == found
    assert found == {"first": {"text": "aa"}, "second": {"text": "bbb"}, "third": {"text": "cccc"}}
    assert read_json(where.folder / "repeats" / "second.json") == {"text": "bbb"}
    assert [line.split(",")[0] for line in lines] == ["1 of 3", "2 of 3", "3 of 3"]


def test_only_what_is_missing_is_computed(context):
    where, lines = context
    with workers(None, 1):
        records(repeat, {"first": TASKS["first"]}, where, "repeats")
        lines.clear()
        written = []
        found = completed(
            repeat, TASKS, where.report, {"second": {"text": "kept"}}.get, lambda key, _: written.append(key)
        )
    assert found["second"] == {"text": "kept"}
    assert sorted(written) == ["first", "third"]
    assert [line.split(",")[0] for line in lines] == ["2 of 3", "3 of 3"]


def test_a_dask_cluster_of_two_workers_gives_the_same(context, tmp_path):
    """Exact posterior means, computed by two worker processes of a real cluster and by this process."""
    where, _ = context
    tasks = {"first": (0,), "second": (1,)}
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, workers(cluster.scheduler_address):
        on_many = records(posterior_mean, tasks, where, "means")
    with workers(None, 1):
        on_one = records(posterior_mean, tasks, Context(where.report, tmp_path / "one"), "means")
    # LAPACK has one thread there and several here, which changes the last digits.
    np.testing.assert_allclose(*([found[key]["mean"] for key in tasks] for found in (on_many, on_one)), rtol=1e-8)
