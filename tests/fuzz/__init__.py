"""Long random programs, for as long as one likes: ``python -m tests.fuzz --seconds 600``."""
