"""The exact posterior, its approximations, and profile likelihoods."""
