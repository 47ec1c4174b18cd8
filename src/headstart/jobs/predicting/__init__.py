"""The parts of ``headstart predict`` around the model: which pictures are asked for, and the rows that come of them."""
