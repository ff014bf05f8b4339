"""`python -m forebear` is `forebear`."""

import sys

from forebear.cli import main

sys.exit(main())
