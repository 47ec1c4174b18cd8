"""The HTTP server: bytes of pictures in, classes with probabilities out. FastAPI and uvicorn are known here alone."""
