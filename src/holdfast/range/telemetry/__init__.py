"""What the range's processes tell about themselves: log lines, spans and metrics."""
