"""Networks in torch: bodies, heads, and the function that combines them."""
