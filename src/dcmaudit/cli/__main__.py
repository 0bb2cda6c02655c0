"""``python -m dcmaudit.cli``."""

import sys

from dcmaudit.cli import main

sys.exit(main())
