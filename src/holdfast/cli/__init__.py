"""The `holdfast` command. Nothing here imports Django or a reader before it is needed."""

from __future__ import annotations

from holdfast.cli.application import app


def main() -> None:
    """Run the command line."""
    app()
