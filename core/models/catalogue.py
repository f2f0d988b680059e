"""All models, by name."""

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Model
from core.models.morris_lecar import MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC

MODELS: dict[str, Model] = {model.name: model for model in (FITZHUGH_NAGUMO, MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC)}
