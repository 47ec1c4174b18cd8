"""From a folder of pictures to an image classifier you can trust."""

__version__ = "0.1.0"
