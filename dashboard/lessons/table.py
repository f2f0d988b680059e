"""All lessons, in the order in which they build on each other."""

from dashboard.lessons.certainty import CERTAINTY
from dashboard.lessons.fooled import FOOLED
from dashboard.lessons.inverse import INVERSE
from dashboard.lessons.lesson import Lesson
from dashboard.lessons.misfit import MISFIT
from dashboard.lessons.network import NETWORK
from dashboard.lessons.noise import NOISE
from dashboard.lessons.prior import PRIOR
from dashboard.lessons.racing import RACING
from dashboard.lessons.spiking import SPIKING
from dashboard.lessons.valleys import VALLEYS

ALL = (SPIKING, INVERSE, VALLEYS, RACING, NOISE, CERTAINTY, NETWORK, PRIOR, MISFIT, FOOLED)
LESSONS: dict[str, Lesson] = {lesson.name: lesson for lesson in ALL}
