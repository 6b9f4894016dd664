"""The web app: its built files, and what it asks the home it runs in for. Its sources are in `frontend/`.

One app runs in every home. What it shows is made here for all of them; a home says who looks, and what they may.
No view reads more than a page, and nothing here waits for a platform longer than a person would.
"""
