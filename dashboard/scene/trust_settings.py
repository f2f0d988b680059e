"""The rows of the table of settings that belong to the page Trust."""

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from dashboard.scene.kinds import Area, Choice, MapName, Setting, Slider, Toggle

ROWS: tuple[Setting, ...] = (
    Choice(
        name="trust", default="one", label="look at", tabs=True,
        choices={
            "one": "one trace", "many": "many traces", "cures": "cures", "denoising": "deep prior",
            "surrogates": "surrogates", "steps": "learned optimiser",
        },
        shown=(Area.TRUST,),
    ),
    # Their controls list what is there.
    MapName(name="perturbed", default="dense-noisy", label="perturb"),
    MapName(name="made_for", default="dense-noisy", label="made for"),
    Choice(
        name="perturbation", default="worst", label="by δ", tabs=True,
        choices={
            "worst": "worst here", "target": "to a target", "universal": "for many traces", "random": "random",
        },
        shown=(Area.PERTURBATION,),
    ),
    Slider(
        name="perturbation_size", symbol="|δ|", label="size", default=3.0, low=0.0, high=31.6, step=0.1,
        least=0, most=100, shown=(Area.PERTURBATION,),
    ),
    # A hand moves them on the plane.
    *(
        Slider(
            name=f"target_{quantity.name}", symbol=quantity.symbol, label="of the target", default=default,
            low=quantity.lower, high=quantity.upper, step=0.001, least=-100, most=100,
        )
        for quantity, default in zip(FITZHUGH_NAGUMO.parameters[:2], (0.405, 0.37), strict=True)
    ),
    Toggle(
        name="opposite", default=False, label="opposite sign", help="Perturb the other way.",
        shown=(Area.PERTURBATION,),
    ),
    Choice(
        name="carried", default="movement", label="cells show", tabs=True,
        choices={"movement": "movement [sd]", "growth": "growth of the RMSE"}, shown=(Area.TRANSFER,),
    ),
    Choice(
        name="denoised", default="drawn-white", label="noise", tabs=True,
        choices={"drawn-white": "white", "on-screen": "as on screen"}, shown=(Area.DENOISING,),
    ),
    Toggle(
        name="whitened_loss", default=False, label="whitened loss",
        help="Fit r_t − ρ r_{t−1}, as the exact likelihood does, in place of the residual r_t.",
        shown=(Area.DENOISING,),
    ),
    Slider(
        name="iteration_shown", symbol="k", label="iteration", default=700, low=1, high=700, step=1, least=1, most=700,
        whole=True, shown=(Area.DENOISING,),
    ),
    Slider(
        name="learned_steps", symbol="K", label="steps", default=2, low=0, high=4, step=1,
        least=0, most=4, whole=True, shown=(Area.STEPS,),
    ),
)  # fmt: skip
