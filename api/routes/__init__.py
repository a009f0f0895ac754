"""One module for each page or feed. Each offers `router`; `api.app` finds them by scanning this folder."""
