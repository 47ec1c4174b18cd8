"""Features of very many pictures, computed on the machines of a cluster."""
