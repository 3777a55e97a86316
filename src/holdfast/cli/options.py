"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Url = Annotated[str, typer.Option(envvar="HOLDFAST_URL", help="Address of the desk.")]
Token = Annotated[
    str,
    typer.Option(envvar="HOLDFAST_TOKEN", help="API token; better in the environment.", show_default=False),
]
Key = Annotated[str, typer.Argument(help="The case, such as ESC-142.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why.", show_default=False)]
HERE = "http://127.0.0.1:8137"
