"""Which pictures are there, and which are what."""
