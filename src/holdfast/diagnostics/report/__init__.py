"""A diagnosis as text for the terminal and as one self-contained page."""
