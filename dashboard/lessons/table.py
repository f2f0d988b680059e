"""All lessons, in the order in which they build on each other."""

from dashboard.lessons.certainty import CERTAINTY
from dashboard.lessons.lesson import Lesson
from dashboard.lessons.network import NETWORK
from dashboard.lessons.prior import PRIOR
from dashboard.lessons.racing import RACING
from dashboard.lessons.valleys import VALLEYS

LESSONS: dict[str, Lesson] = {lesson.name: lesson for lesson in (VALLEYS, RACING, CERTAINTY, NETWORK, PRIOR)}
