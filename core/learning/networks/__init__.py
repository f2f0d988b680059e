"""Networks in torch: the bodies, the heads, and the one way to put them together."""
