"""Adapters for the runners that know no layers, pytest and unittest; zope.testrunner needs none."""
