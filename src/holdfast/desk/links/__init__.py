"""How cases hang together: parents, duplicates, causes, incidents, problems, changes; merging and its undo."""
