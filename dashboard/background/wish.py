"""What the pages Landscape and Trust can be asked to do in the background."""

from enum import StrEnum


class Wish(StrEnum):
    """What a button of the page reports as its value."""

    EXPLORE = "explore"
    STOP_EXPLORING = "stop exploring"
    STOP_RACING = "stop racing"
    FIT_NETWORK = "fit the network"
    STOP_FITTING = "stop fitting"
    STOP_SEARCHING = "stop searching"
