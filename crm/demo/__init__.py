"""A believable history for the demonstration, written in bulk. Only `manage.py demo` uses it."""
