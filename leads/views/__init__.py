"""The pages of leads, a module for each kind of page."""
