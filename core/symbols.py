"""The symbols by which sentences and figures name parameters and the state at the first sample."""

SYMBOLS = {
    "theta0": "θ₀", "theta1": "θ₁", "zeta": "ζ", "gamma": "γ", "rho": "ρ", "sigma": "σ", "u0": "u₀", "v0": "v₀",
}  # fmt: skip
