import numpy as np
import pytest
from scipy import stats
from scipy.integrate import dblquad
from scipy.stats import kstest, truncnorm

from core.priors import TruncatedGaussian, uniform

LAW = TruncatedGaussian(("a", "b"), (0.4, 1.0), (0.3, 0.5), (-0.2, 1.2), (1.0, 2.5))
FLAT = TruncatedGaussian(("a", "b"), (0.4, 0.0), (0.3, np.inf), (-0.2, -3.0), (1.0, 5.0))


def scipy_laws(law):
    """Return SciPy's law of each parameter; b of LAW is truncated on one side of its mean."""
    return [
        stats.uniform(lower, upper - lower)
        if np.isinf(sd)
        else truncnorm((lower - mean) / sd, (upper - mean) / sd, loc=mean, scale=sd)
        for mean, sd, lower, upper in zip(law.mean, law.sd, law.lower, law.upper, strict=True)
    ]


@pytest.mark.parametrize("law", [LAW, FLAT])
def test_samples_follow_scipys_laws(law):
    """Standard errors of mean and variance from SciPy's moments, 5 of them; independence: r has the one 1/√n."""
    n = 50_000
    samples = law.sample(n, np.random.default_rng(0))
    assert samples.shape == (n, 2)
    assert np.all((samples >= law.lower) & (samples <= law.upper))
    for column, expected in zip(samples.T, scipy_laws(law), strict=True):
        mean, variance, _, excess = expected.stats("mvsk")
        assert abs(column.mean() - mean) <= 5 * np.sqrt(variance / n)
        assert abs(column.var() - variance) <= 5 * variance * np.sqrt((excess + 2) / n)
        # Kolmogorov: P(√n D > 2.4) ≈ 2 exp(−2 · 2.4²) = 2e-5.
        assert kstest(column, expected.cdf).statistic <= 2.4 / np.sqrt(n)
    assert abs(np.corrcoef(samples.T)[0, 1]) <= 5 / np.sqrt(n)


@pytest.mark.parametrize("law", [LAW, FLAT])
def test_log_density(law):
    grid = np.stack(np.meshgrid(*(np.linspace(lo, up, 7) for lo, up in zip(law.lower, law.upper, strict=True))), -1)
    expected = sum(scipy_law.logpdf(grid[..., i]) for i, scipy_law in enumerate(scipy_laws(law)))
    assert np.allclose(law.log_density(grid), expected, rtol=1e-12, atol=1e-12)
    mass, _ = dblquad(
        lambda b, a: np.exp(law.log_density([a, b])), law.lower[0], law.upper[0], law.lower[1], law.upper[1]
    )
    assert abs(mass - 1) <= 1e-9
    assert law.log_density([law.lower[0] - 1e-9, law.upper[1]]) == -np.inf


@pytest.mark.parametrize("law", [LAW, FLAT])
def test_gradient_against_finite_differences(law):
    theta, step = np.array([[0.3, 1.7], [0.9, 2.4]]), 1e-4
    differences = np.stack(
        [(law.log_density(theta + step * e) - law.log_density(theta - step * e)) / (2 * step) for e in np.eye(2)], -1
    )
    # Central differences of a quadratic are exact up to rounding, 1e-16 · 10 / step.
    assert np.allclose(law.gradient(theta), differences, rtol=0, atol=1e-10)


def test_regularisation_by_hand():
    """½ ((0.7 − 0.4)/0.3)² + ½ ((2 − 1)/0.5)² = ½ + 2."""
    assert np.isclose(LAW.regularisation([0.7, 2.0]), 2.5, rtol=1e-14)
    assert LAW.regularisation([[0.7, 2.6], [-0.3, 2.0]]).tolist() == [np.inf, np.inf]
    assert np.isclose(FLAT.regularisation([0.7, 4.9]), 0.5, rtol=1e-14)


def test_a_wide_gaussian_tends_to_the_uniform_law():
    """Within ±4 of the mean a Gaussian of sd 10⁴ falls by less than ½ (4e-4)² = 8e-8."""
    wide = TruncatedGaussian(("a",), (1.0,), (1e4,), (-3.0,), (5.0,))
    grid = np.linspace(-3, 5, 9)[:, None]
    assert np.allclose(wide.log_density(grid), -np.log(8), rtol=0, atol=1e-7)
    flat = TruncatedGaussian(("a",), (1.0,), (np.inf,), (-3.0,), (5.0,))
    assert np.allclose(flat.log_density(grid), -np.log(8), rtol=1e-15, atol=0)


@pytest.mark.parametrize("law", [LAW, FLAT])
def test_precision_is_the_slope_of_the_gradient(law):
    """The gradient is linear, so that differences of it are exact up to rounding, 1e-16 · 10 / step."""
    theta, step = np.array([0.3, 1.7]), 1e-2
    slopes = [(law.gradient(theta + step * e) - law.gradient(theta - step * e)) / (2 * step) for e in np.eye(2)]
    assert np.allclose(law.precision, -np.array(slopes), rtol=0, atol=1e-12)


def test_a_selection_keeps_the_laws_in_the_order_asked_for():
    """Each parameter's law is its own: SciPy's log densities, one by one and in the other order."""
    values = np.array([[0.1, 1.3], [0.9, 2.4]])
    laws = scipy_laws(LAW)
    assert np.allclose(LAW.select(("b",)).log_density(values[:, 1:]), laws[1].logpdf(values[:, 1]), rtol=1e-12)
    turned = LAW.select(("b", "a"))
    assert turned.names == ("b", "a")
    assert np.allclose(turned.log_density(values[:, ::-1]), LAW.log_density(values), rtol=1e-13)
    assert LAW.select(("a", "b")) == LAW
    with pytest.raises(ValueError, match="The prior says nothing about θ₀, u₀"):
        LAW.select(("a", "theta0", "u0"))


def test_flat_and_uniform_laws_are_scipys():
    points = np.array([[-0.1, 1.3], [0.9, 2.4]])
    expected = sum(
        stats.uniform(lower, upper - lower).logpdf(points[:, i])
        for i, (lower, upper) in enumerate(zip(LAW.lower, LAW.upper, strict=True))
    )
    for law in (LAW.flat(), uniform(LAW.names, LAW.lower, LAW.upper)):
        assert (law.names, law.lower, law.upper) == (LAW.names, LAW.lower, LAW.upper)
        assert np.allclose(law.log_density(points), expected, rtol=1e-13)
        assert not np.any(law.gradient(points))
        assert not np.any(law.precision)
    with pytest.raises(ValueError, match="The lower bound of γ must be below the upper one; they are 2 and 1"):
        uniform(("gamma",), (2,), (1,))
    with pytest.raises(ValueError, match="of γ needs a finite mean and finite bounds"):
        uniform(("gamma",), (2,), (np.inf,))
    with pytest.raises(ValueError, match="needs a mean, a standard deviation and two bounds"):
        uniform(("gamma",), (1, 2), (3,))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("ab", r"names of the unknowns as a tuple, such as \('ab',\)"),
        (("a", "a"), "at least one unknown, and each of them once"),
        ((), "at least one unknown, and each of them once"),
        ((1, 2), "The unknowns need names that are texts"),
    ],
)
def test_bad_names_end_in_a_sentence(names, sentence):
    columns = [(float(i),) * len(names) for i in (0, 1, -1, 2)]
    with pytest.raises(ValueError, match=sentence):
        TruncatedGaussian(names, *columns)
    with pytest.raises(ValueError, match=sentence):
        uniform(names, columns[2], columns[3])


def test_the_names_are_the_distributions_own():
    names = ["a", "b"]
    laws = TruncatedGaussian(names, LAW.mean, LAW.sd, LAW.lower, LAW.upper), uniform(names, (0, 0), (1, 1))
    names[0] = "c"
    assert [law.names for law in laws] == [("a", "b")] * 2


@pytest.mark.parametrize("values", [0.4, (0.4,), (0.4, 1.3, 0.0), np.zeros((2, 3))])
def test_values_of_another_number_are_refused(values):
    for function in (LAW.log_density, LAW.regularisation, LAW.gradient):
        with pytest.raises(ValueError, match=r"Values of a, b need the shape \(..., 2\); their shape is \("):
            function(values)


@pytest.mark.parametrize(
    ("mean", "sd", "lower", "upper", "sentence"),
    [
        (np.nan, 1.0, 0.0, 1.0, "finite mean"),
        (0.5, 1.0, -np.inf, 1.0, "finite bounds"),
        (0.5, 0.0, 0.0, 1.0, "above zero"),
        (0.5, np.nan, 0.0, 1.0, "above zero"),
        (0.5, 1.0, 1.0, 1.0, "below the upper"),
        (0.5, 0.01, 3.0, 4.0, "8 standard deviations"),
    ],
)
def test_invalid_laws_end_in_a_sentence(mean, sd, lower, upper, sentence):
    with pytest.raises(ValueError, match=sentence):
        TruncatedGaussian(("a",), (mean,), (sd,), (lower,), (upper,))


def test_quantiles_and_variance_are_those_of_scipy():
    prior = TruncatedGaussian(("theta0", "theta1"), (0.4, 0.4), (0.3, np.inf), (-0.2, -0.4), (1.0, 1.2))
    cut, flat = truncnorm(-2, 2, 0.4, 0.3), stats.uniform(-0.4, 1.6)
    shares = [0.05, 0.5, 0.95]
    assert np.allclose(prior.quantiles(shares), np.column_stack([cut.ppf(shares), flat.ppf(shares)]), atol=1e-12)
    assert np.allclose(prior.variance, [cut.var(), flat.var()], rtol=1e-9)
