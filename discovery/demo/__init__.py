"""Demo data: people, texts, history and pictures, all our own, the same on every run."""
