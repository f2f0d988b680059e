"""All models, by name."""

import copyreg
from typing import Any

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.hodgkin_huxley import HODGKIN_HUXLEY
from core.models.model import Model
from core.models.morris_lecar import MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC

MODELS: dict[str, Model] = {
    model.name: model for model in (FITZHUGH_NAGUMO, MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC, HODGKIN_HUXLEY)
}


def _named(name: str) -> Model:
    return MODELS[name]


def _reduced(model: Model) -> str | tuple[Any, ...]:
    return (_named, (model.name,)) if MODELS.get(model.name) is model else model.__reduce_ex__(2)


# Copies, and what other processes are sent, are the same model, which keeps what it has compiled.
copyreg.pickle(Model, _reduced)
