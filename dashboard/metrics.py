"""What the server counts and measures of itself. Nothing of it says who visits, or what they look at but by page."""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.6, 1, 2, 5, 10)  # upper ends of the buckets

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # resident memory, open files, processor time; on Linux alone
LIVE_SECONDS = Histogram(
    "lab_live_seconds", "Time from a request of the live route to its answer.", ["page"], buckets=SECONDS,
    registry=REGISTRY,
)  # fmt: skip
LIVE_ANSWERS = Counter("lab_live_answers", "Answers of the live route by status.", ["status"], registry=REGISTRY)
