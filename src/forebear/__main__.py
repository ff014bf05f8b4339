"""`python -m forebear` is `forebear`."""

from forebear.cli import main

main()
