"""Sphinx builds the manual with this: ``bin/doc``."""

from importlib.metadata import version as installed

project = "underlay"
author = "The underlay developers"
copyright = "the underlay developers"
version = release = installed("underlay")

extensions = ["sphinx.ext.autodoc"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
default_role = "code"
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"underlay {release}"
html_static_path = ["_static"]
html_css_files = ["verdicts.css"]
