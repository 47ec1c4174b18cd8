"""Parts of ``export``: the pictures it is judged on, the example that is run, and whether it agrees."""
