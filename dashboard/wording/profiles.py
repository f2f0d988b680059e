"""What a profile likelihood tells of its parameter."""

from core.posterior.profile import Profile
from core.symbols import symbol_of
from dashboard.wording.numbers import decimals_for, fixed

METHOD = (
    "Fix one parameter, choose the best value of the other. Where even that fits worse by 1.92, the value is rejected "
    "at 95 %. No prior is used but its box."
)

METHOD_OF_ALL = (
    "Fix one parameter and choose the best values of the other three, value by value from the posterior’s mode "
    "outward. A value that fits worse by 1.92 is rejected at 95 %. A valley that is not connected to this one is not "
    "searched, so the interval can be too short."
)


def about_profile(found: Profile) -> str:
    """Say what a profile likelihood tells of its parameter."""
    symbol = symbol_of(found.name)
    low, high = found.interval
    decimals = decimals_for((high - low) / 4) if low is not None and high is not None else 3
    if low is not None and high is not None:
        where = f"{fixed(low, decimals)} to {fixed(high, decimals)} at 95 %"
    elif high is not None:
        where = f"at 95 % below {fixed(high, decimals)}"
    elif low is not None:
        where = f"at 95 % above {fixed(low, decimals)}"
    else:
        where = "no 95 % bound within the prior"
    return f"{symbol} is {found.verdict}: {where}."
