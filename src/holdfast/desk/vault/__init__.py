"""Artefacts as received, addressed by their content, with their custody."""
