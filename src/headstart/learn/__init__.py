"""Every way to learn, in one table."""
