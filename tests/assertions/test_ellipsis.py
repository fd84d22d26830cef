"""How text with holes is matched, and what the report of a failure says (golden/ellipsis-*.txt)."""

import random
import unittest
from unittest import mock

from tests.helpers import Golden
from underlay.assertions._contents import Contents
from underlay.assertions._matching import compare
from underlay.assertions._report import agreement, difference

ROW = '<tr>\n  <td>{0}</td><td><a href="/item/{0}">Item {0}</a></td>\n  <td>price {1}</td>\n</tr>\n'


def page(rows: int = 1000) -> str:
    table = "".join(ROW.format(i, i * 7919 % 10007) for i in range(rows))
    return f"<html>\n<body>\n<table>\n{table}</table>\n</body></html>\n"


class Matching(unittest.TestCase):
    def matches(self, expected: Contents, actual: Contents, hole: str = "...") -> bool:
        return bool(compare(expected, actual, hole).match)

    def test_pieces_do_not_overlap(self):
        self.assertFalse(self.matches("aba...aba", "ababa"))
        self.assertFalse(self.matches("aa......aa", "aaa"))
        self.assertTrue(self.matches("aba...aba", "abaaba"))

    def test_four_dots_are_a_hole_followed_by_a_dot(self):
        self.assertTrue(self.matches("a....", "abc."))
        self.assertFalse(self.matches("a....", "abc"))

    def test_a_blank_next_to_a_hole_counts(self):
        self.assertFalse(self.matches("... foo", "foo"))
        self.assertTrue(self.matches("... foo", "a\n\nfoo"))

    def test_bytes_are_read_as_utf_8(self):
        for actual in (b"b\xc3\xa4r", bytearray(b"b\xc3\xa4r"), memoryview(b"b\xc3\xa4r")):
            self.assertTrue(self.matches("...är", actual))
        self.assertTrue(self.matches(b"b...", "bär"))

    def test_bytes_that_are_not_utf_8_match_where_it_does_not_matter(self):
        self.assertTrue(self.matches("b...r", b"b\xe4r"))
        self.assertTrue(self.matches("b\\xe4r", b"b\xe4r"))

    def test_another_marker_makes_dots_literal(self):
        self.assertTrue(self.matches("Loading...[*]", "Loading... 7 %", "[*]"))
        self.assertFalse(self.matches("Loading...[*]", "Loading <b>", "[*]"))

    def test_an_impossible_marker_is_refused(self):
        for hole in ("", " ", "a b"):
            with self.assertRaisesRegex(ValueError, "without white space"):
                self.matches("a", "a", hole)

    def test_neither_text_nor_bytes_is_refused_with_its_type(self):
        with self.assertRaisesRegex(TypeError, "actual must be text or bytes, .*, not list"):
            self.matches("a", ["a"])
        with self.assertRaisesRegex(TypeError, "expected must be text or bytes, .*, not NoneType"):
            self.matches(None, "a")


class Names(unittest.TestCase):
    def test_a_hole_with_a_name_tells_what_stands_in_it(self):
        found = compare("<p>Hi ...{who}..., ...{what}...</p>...", "<p>Hi\n Bob, go\n on</p>", "...")
        self.assertEqual({"who": "Bob", "what": "go on"}, found.match.holes)
        self.assertEqual("Bob", found.match["who"])
        self.assertEqual("<Match {'who': 'Bob', 'what': 'go on'}>", repr(found.match))

    def test_spans_tell_where_the_pieces_stand(self):
        match = compare("a...b...", "a\n x\n b c", "...").match
        self.assertEqual(["a", "b", ""], [match.text[i:j] for i, j in match.spans])

    def test_another_marker_can_have_a_name(self):
        self.assertEqual("x", compare("a[*]{x}[*]b", "axb", "[*]").match["x"])

    def test_braces_elsewhere_are_literal(self):
        self.assertIsNone(compare("...{a b}...", "x", "...").match)
        self.assertIsNone(compare("{a}...", "x", "...").match)

    def test_a_name_given_twice_is_refused(self):
        with self.assertRaisesRegex(ValueError, "the same name: a, a"):
            compare("...{a}...x...{a}...", "x", "...")

    def test_an_unknown_name_is_a_key_error(self):
        with self.assertRaises(KeyError):
            compare("...", "x", "...").match["who"]


class Report(Golden):
    def setUp(self) -> None:
        plain = mock.patch.dict("os.environ", NO_COLOR="1")
        plain.start()
        self.addCleanup(plain.stop)

    def check(self, name: str, expected: Contents, actual: Contents, hole: str = "...") -> None:
        comparison = compare(expected, actual, hole)
        report = (agreement if comparison.match else difference)(comparison)
        self.assertGolden(f"ellipsis-{name}", report)

    def test_short_texts_without_a_hole_get_the_old_message(self):
        self.check("short", "foo\nsame\n", "bar\nsame\n")

    def test_short_texts_that_match_get_the_old_message(self):
        self.check("short-match", "...bar...", "foo bar baz")

    def test_short_bytes_that_are_not_utf_8_are_shown(self):
        self.check("short-bytes", "bär", b"b\xe4r")

    def test_a_missing_piece_is_named_with_what_is_nearest(self):
        self.check("piece", '...<td>500</td>...<a href="/item/700">Item 7O0</a>...', page())

    def test_a_long_piece_is_shown_around_the_difference(self):
        rows = "".join(ROW.format(i, i * 7919 % 10007) for i in range(10, 40))
        self.check("long-piece", f"...{rows.strip().replace('Item 33', 'Item 34')}...", page())

    def test_a_piece_whose_end_is_found_is_shown_from_behind(self):
        self.check("piece-end", "...<b>Item</b> 7</a></td>\n <td>price 5398</td>...", page())

    def test_a_piece_is_recognised_by_its_words(self):
        self.check("words", "...<p>Item (number 333) and Item (number 334)</p>...", page())

    def test_nothing_similar_is_said(self):
        self.check("nothing", "...<td>1</td>...Zwölf Boxkämpfer...", page())

    def test_the_wrong_start(self):
        self.check("start", "<html><head>...", page())

    def test_the_wrong_end(self):
        self.check("end", "...</table></BODY></html>", page())

    def test_a_text_without_holes_that_differs(self):
        self.check("whole", page().replace("Item 500", "Item 5OO"), page())

    def test_a_text_that_goes_on(self):
        self.check("goes-on", page().removesuffix("</table>\n</body></html>\n"), page())

    def test_a_text_that_is_empty(self):
        self.check("empty", page(), "")

    def test_pieces_in_another_order(self):
        self.check("order", "...<td>500</td>...<td>499</td>...", page())

    def test_pieces_that_overlap(self):
        self.check("overlap", "aba...aba", "ababa")

    def test_a_blank_next_to_a_hole(self):
        self.check("blank", "...\nItem 5\n...", page())

    def test_white_space_next_to_tags(self):
        self.check("tags", "...<td>5</td> <td>...", page())

    def test_letters_that_look_the_same(self):
        self.check("unicode", "...cafe\u0301...", "<p>caf\xe9</p>")

    def test_bytes_in_another_encoding(self):
        self.check("bytes", "...Stra\xdfe...", "Die Stra\xdfe".encode("latin-1"))

    def test_text_without_words(self):
        signs = "".join(map(chr, range(0x4E00, 0x4F00)))
        self.check("chinese", f"...{signs}...", f"你好{signs.replace('久', '九')}。")

    def test_control_characters_are_made_visible(self):
        self.check("control", "...colour: \x1b[31mred...", "colour: \x1b[32mred\x1b[0m")

    def test_a_long_text_that_matches(self):
        self.check("match", "...<td>1</td>...Item 9...Item 10...Item 11...", page())

    def test_report_is_small_whatever_the_texts(self):
        """A report has at most 1000 characters, and can be made of any two texts."""
        seed = random.randrange(2**32)
        rng = random.Random(seed)
        parts = ["a", "word ", "<td>", "</td>\n", "...", "\x1b", "\U000e0001", " ", "x" * 60]
        for _ in range(500):
            expected = "".join(rng.choices(parts, k=rng.randrange(300)))
            actual = "".join(rng.choices(parts, k=rng.randrange(500)))
            comparison = compare(expected, actual, "...")
            if len(expected) > 500 and not comparison.match:
                size = len(difference(comparison))
                self.assertLessEqual(size, 1000, f"seed {seed}: {expected!r} {actual!r}")
