"""The verdict on an examined map in sentences: what is wrong with what it states, and why."""

from core.maps.differences_from_training import listed, quoted
from core.maps.examination.cause import Cause, Reason
from core.maps.examination.verdict import Symptom, Verdict
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, count, fixed, percent, times

# What too large an error is called, as a share of what is stated.
SHARES = {
    0.1: "a tenth", 0.2: "a fifth", 0.25: "a quarter", 1 / 3: "a third", 0.5: "a half", 2 / 3: "two thirds",
    0.75: "three quarters", 1.0: "a factor of two",
}  # fmt: skip
SMALLEST = 1e-9  # size of a factor
MOST_SHARE = 1.1  # above it, the factor itself is said
HOW_TO_READ = (
    "Every curve should lie in its grey band. The truth of a test trace should be like one more draw of what the map "
    "states: its rank among 99 draws is uniform then. All curves together leave their bands for one right map in "
    "twenty."
)
PLANTED_LABELS = {
    "prior-too-narrow": "prior too narrow",
    "white-noise": "white noise assumed",
    "trained-clean": "trained clean",
    "other-gamma": "trained on another γ",
    "few-simulations": "too few simulations",
}


def about_verdict(name: str, found: Verdict, n: int, traces: str, done: bool) -> str:
    """Say whether a map has passed, or what is wrong and why; n: traces so far, traces: what they are."""
    so_far = "" if done else "So far: "
    if found.passed:
        said = f"{quoted([name])} passes: on {count(n)} {traces} all curves lie in their bands."
        return f"{so_far}{said}"
    faults = listed(
        [_faults(symptom, found) for symptom in Symptom if symptom in {each.symptom for each in found.faults}]
    )
    return f"{so_far}{quoted([name])} is {faults}, because {listed([_reason(each) for each in found.reasons])}."


def _faults(symptom: Symptom, found: Verdict) -> str:
    """Return what is wrong in all parameters with the same symptom."""
    said = [(fault, symbol_of(fault.name) if fault.name else "") for fault in found.faults if fault.symptom is symptom]
    symbols = listed([symbol for _, symbol in said])
    match symptom:
        case Symptom.TOO_SURE:
            return "too sure by " + listed([f"{_factor(fault.size)} in {symbol}" for fault, symbol in said])
        case Symptom.TOO_UNSURE:
            sizes = [(1 / max(fault.size, SMALLEST), symbol) for fault, symbol in said]
            return "too unsure by " + listed([f"{_factor(size)} in {symbol}" for size, symbol in sizes])
        case Symptom.SHIFTED:
            return listed([_shift(fault.size, symbol) for fault, symbol in said]) + " of its own ±"
        case Symptom.FORM:
            return f"wrong in the form of what it states of {symbols}"
        case Symptom.REGIONS:
            return f"wrong in its regions: those of 90 % hold {percent(said[0][0].size)} of the truths"
        case Symptom.LONG:
            factors = listed([f"{times(fault.size)} times the exact one in {symbol}" for fault, symbol in said])
            return f"vague (its interval is {factors})"


def _shift(size: float, symbol: str) -> str:
    return f"too {'high' if size > 0 else 'low'} in {symbol} by {times(abs(size))}"


def _factor(factor: float) -> str:
    """Return by how much a factor above one exceeds it, in words."""
    share = factor - 1
    if share > MOST_SHARE:
        return f"a factor of {times(factor)}"
    return SHARES[min(SHARES, key=lambda each: abs(each - share))]


def _reason(reason: Reason) -> str:
    symbol = symbol_of(reason.name) if reason.name else ""
    match reason.cause:
        case Cause.CLEAN:
            return "it was trained on clean traces, and these have noise"
        case Cause.KNOWN:
            trained, examined = (compact(each[0], 3) for each in (reason.trained, reason.examined))
            return f"it takes {symbol}\u00a0=\u00a0{trained} for granted, and these traces have {examined}"
        case Cause.NOISE:
            return _law(reason, f"its noise law of {symbol}", "the data’s")
        case Cause.PRIOR:
            return _law(reason, f"its prior of {symbol}", "that of these traces")
        case Cause.FEW_SIMULATIONS:
            least = count(reason.examined[0])
            return f"it has learned from {count(reason.trained[0])} simulations, where {least} or more are enough"
        case Cause.UNKNOWN:
            return "the posterior has another shape than it states; no setting of its recipe differs"


def _law(reason: Reason, what: str, whose: str) -> str:
    kind = "is narrower than" if reason.is_narrower else "is another than"
    trained, examined = (f"{fixed(low, 2)} to {fixed(high, 2)}" for low, high in (reason.trained, reason.examined))
    return f"{what} {kind} {whose} ({trained}, not {examined})"
