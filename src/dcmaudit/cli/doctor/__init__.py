"""``dcmaudit doctor``: whether everything that is needed is there and works, on this machine and for this user."""
