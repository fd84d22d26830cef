"""The tests of underlay.  They leave nothing in the user's cache; tests of that have their own."""

import os

os.environ["UNDERLAY_PLANS"] = ""
