"""``headstart demo``: what a head start is worth, on pictures that come with installed packages."""
