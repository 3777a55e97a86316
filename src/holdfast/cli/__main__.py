"""`python -m holdfast.cli`: the same command where the script is not on the path."""

from holdfast.cli import main

main()
