"""A model in formats that other runtimes run: one graph from pixels to probabilities, and a file for each format."""
