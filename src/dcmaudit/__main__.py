"""``python -m dcmaudit``."""

import sys

from dcmaudit.cli import main

sys.exit(main())
