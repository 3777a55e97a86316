"""Series of numbers: reading them and finding where they change."""
