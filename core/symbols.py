"""The symbols by which sentences and figures name parameters."""

SYMBOLS = {"theta0": "θ₀", "theta1": "θ₁", "zeta": "ζ", "gamma": "γ", "rho": "ρ", "sigma": "σ"}
