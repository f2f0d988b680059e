import pytest

from core.maps.examination.cause import Cause, Reason
from core.maps.examination.verdict import Fault, Symptom, Verdict
from dashboard.wording.examination import about_verdict

NARROW = Reason(Cause.NOISE, "sigma", (0.06, 0.08), (0.03, 0.12))
UNKNOWN = Reason(Cause.UNKNOWN)


def said(faults, reason=UNKNOWN, done=True):
    return about_verdict("mine", Verdict(tuple(faults), (reason,) if faults else ()), 1000, "such traces", done)


def test_a_map_that_passes():
    assert said([]) == "‘mine’ passes: on 1,000 such traces all curves lie in their bands."
    assert said([], done=False).startswith("So far: ‘mine’ passes")


def test_a_fault_with_its_size_and_its_cause():
    assert said([Fault(Symptom.TOO_SURE, "theta1", 1.35)], NARROW) == (
        "‘mine’ is too sure by a third in θ₁, because its noise law of σ is narrower than the data’s "
        "(0.06 to 0.08, not 0.03 to 0.12)."
    )


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (Fault(Symptom.TOO_SURE, "theta0", 1.97), "too sure by a factor of two in θ₀"),
        (Fault(Symptom.TOO_SURE, "theta0", 31.6), "too sure by a factor of 32 in θ₀"),
        (Fault(Symptom.TOO_UNSURE, "theta0", 0.8), "too unsure by a quarter in θ₀"),
        (Fault(Symptom.SHIFTED, "theta0", -1.66), "too low in θ₀ by 1.7 of its own ±"),
        (Fault(Symptom.SHIFTED, "theta1", 0.5), "too high in θ₁ by 0.5 of its own ±"),
        (Fault(Symptom.FORM, "theta1", 0.0), "wrong in the form of what it states of θ₁"),
        (Fault(Symptom.REGIONS, "", 0.83), "those of 90 % hold 83\u00a0% of the truths"),
        (Fault(Symptom.LONG, "theta1", 12.25), "vague (its interval is 12 times the exact one in θ₁)"),
    ],
)
def test_every_symptom_is_said(fault, part):
    assert part in said([fault])


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        (Reason(Cause.CLEAN), "it was trained on clean traces, and these have noise"),
        (Reason(Cause.KNOWN, "gamma", (3.5, 3.5), (3.0, 3.0)), "it takes γ\u00a0=\u00a03.5 for granted"),
        (Reason(Cause.PRIOR, "theta0", (0.1, 0.3), (0.0, 0.2)), "its prior of θ₀ is another than that of these traces"),
        (Reason(Cause.FEW_SIMULATIONS, "", (200, 200), (5000, 5000)), "learned from 200 simulations, where 5,000"),
        (UNKNOWN, "no setting of its recipe differs"),
    ],
)
def test_every_cause_is_said(reason, part):
    assert part in said([Fault(Symptom.FORM, "theta0", 0.0)], reason)


def test_parameters_with_the_same_fault_share_a_phrase():
    faults = [Fault(Symptom.TOO_SURE, "theta0", 2.4), Fault(Symptom.TOO_SURE, "theta1", 2.6)]
    assert "is too sure by a factor of 2.4 in θ₀ and a factor of 2.6 in θ₁, because" in said(faults)
