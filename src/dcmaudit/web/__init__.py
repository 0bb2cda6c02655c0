"""The reviewer in a browser: a server on this machine alone, over the package ``review``."""

from dcmaudit.web.app import make_app
from dcmaudit.web.security import Access, Guard
from dcmaudit.web.server import serve

__all__ = ["Access", "Guard", "make_app", "serve"]
