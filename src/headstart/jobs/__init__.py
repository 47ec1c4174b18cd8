"""The jobs: each takes its settings, tells a listener what happens, and returns a document."""
