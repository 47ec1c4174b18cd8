"""The parts of ``headstart compare`` beside training: what is seen in the pictures, and how it is kept."""
