"""All parsers of input from outside. Another one is a file with a `Parser`, and its name here."""

from tests.fuzz.address import ADDRESS
from tests.fuzz.answers import ANSWER, LESSON_LINK
from tests.fuzz.archive import ARCHIVE
from tests.fuzz.checkpoint import CHECKPOINT
from tests.fuzz.form import FORM
from tests.fuzz.live_request import LIVE_REQUEST
from tests.fuzz.map_files import CARD, WEIGHTS
from tests.fuzz.recipe import RECIPE
from tests.fuzz.report import REPORT
from tests.fuzz.tokens import TOKEN
from tests.fuzz.training_folder import TRAINING_FOLDER
from tests.fuzz.upload import UPLOAD

PARSERS = (
    UPLOAD, ADDRESS, RECIPE, FORM, REPORT, LIVE_REQUEST, CARD, WEIGHTS, CHECKPOINT, TRAINING_FOLDER, ARCHIVE, TOKEN,
    ANSWER, LESSON_LINK,
)  # fmt: skip
