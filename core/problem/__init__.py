"""The inverse problem for given data: its loss, its likelihood and its landscape."""
