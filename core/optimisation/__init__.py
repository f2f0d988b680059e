"""What minimises a loss: methods as recorded paths, all minima that matter, and basins."""
