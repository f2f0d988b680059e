"""The models there are, by name."""

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Model

MODELS: dict[str, Model] = {model.name: model for model in (FITZHUGH_NAGUMO,)}
