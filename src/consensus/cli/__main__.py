"""`python -m consensus.cli`: the `consensus` command."""

import sys

from consensus.cli.main import main

sys.exit(main())
