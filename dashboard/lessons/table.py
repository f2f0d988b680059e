"""All lessons, in the order in which they build on each other."""

from dashboard.lessons.inverse import INVERSE
from dashboard.lessons.lesson import Lesson
from dashboard.lessons.noise import NOISE
from dashboard.lessons.spiking import SPIKING
from dashboard.lessons.valleys import VALLEYS

LESSONS: dict[str, Lesson] = {lesson.name: lesson for lesson in (SPIKING, INVERSE, VALLEYS, NOISE)}
