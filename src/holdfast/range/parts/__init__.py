"""The building blocks the range's systems are made of; each runs as a process of its own."""
