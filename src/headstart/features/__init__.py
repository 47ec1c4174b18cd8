"""A picture becomes a vector."""
