import random
import unittest
import warnings

from tests.assertions.verdicts import compare


class Verdict(unittest.TestCase):
    def test_it_is_the_one_of_gocept_testing(self):
        """For text and bytes, of assertEllipsis and of assertNotEllipsis."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # assertNotEllipsis without a hole
            matches = compare(5_000, random.randrange(2**32))
        self.assertGreater(matches, 0)
