import unittest

from tests.helpers import Golden
from underlay.assertions import HTML, assertHTML, assertSelects

PAGE = """<!DOCTYPE html>
<html><head><title>Shop</title></head>
<body>
  <ul id="cart" class="items wide">
    <li class="item new"><a href="/item/7" title="Tea">Tea</a> <b>7.00</b></li>
    <li class="item"><a title="Cup" href="/item/8">Cup &amp; saucer</a> <b>8.00</b></li>
  </ul>
  <!-- a comment -->
  <p>Total: <b>15.00</b> for Bob</p>
</body></html>"""


class Structure(unittest.TestCase, HTML):
    def refuses(self, expected, actual, **options):
        with self.assertRaises(AssertionError):
            self.assertHTML(expected, actual, **options)

    def test_order_of_attributes_and_classes_and_white_space_do_not_count(self):
        self.assertHTML(
            '<a class="b a" href="/x"> Hi <b>Bob</b></a>',
            "<a href='/x' class='a b'>Hi\n<b>Bob</b></a>",
        )

    def test_holes_in_texts_and_attributes(self):
        self.assertHTML('<a href="...">...</a>', '<a href="/item/7">Tea <b>hot</b></a>')
        self.assertHTML('<a href="/item/...">T...a</a>', '<a href="/item/7">Tea</a>')
        self.refuses('<a href="/item/...">C...</a>', '<a href="/item/7">Tea</a>')

    def test_holes_between_elements(self):
        items = "<li>1</li><li>2</li><li>3</li><li>4</li>"
        self.assertHTML("<ul>...<li>2</li>...<li>4</li></ul>", f"<ul>{items}</ul>")
        self.assertHTML("<ul><li>1</li>...</ul>", f"<ul>{items}</ul>")
        self.refuses("<ul>...<li>3</li>...<li>2</li>...</ul>", f"<ul>{items}</ul>")
        self.refuses("<ul>...<li>3</li></ul>", f"<ul>{items}</ul>")

    def test_pieces_do_not_overlap(self):
        self.refuses("<i>1</i>...<i>1</i>", "<i>1</i>")

    def test_extra_attributes_on_demand(self):
        self.refuses("<a>Tea</a>", '<a href="/x">Tea</a>')
        self.assertHTML("<a>Tea</a>", '<a href="/x">Tea</a>', extra_attributes=True)
        self.refuses('<a id="a">Tea</a>', "<a>Tea</a>", extra_attributes=True)

    def test_entities_are_letters(self):
        self.assertHTML("<p>&eacute; &amp; &lt;</p>", "<p>é &#38; &lt;</p>".encode())

    def test_white_space_counts_in_preformatted_text(self):
        self.refuses("<pre>a  b</pre>", "<pre>a b</pre>")

    def test_a_whole_page(self):
        head = "<head><title>...</title></head>"
        self.assertHTML(f"<html>{head}<body>...<p>Total: ...</p></body></html>", PAGE)

    def test_another_marker(self):
        self.assertHTML("<p>Loading... [*]</p>", "<p>Loading... 7 %</p>", hole="[*]")

    def test_nothing_is_like_nothing(self):
        self.assertHTML("", " ")
        self.refuses("", "<p></p>")


class Selection(unittest.TestCase, HTML):
    def test_elements_are_returned(self):
        self.assertEqual(["Tea", "Cup & saucer"], [a.text for a in assertSelects("#cart a", PAGE)])

    def test_how_many(self):
        self.assertSelects("li.item", PAGE, count=2)
        self.assertSelects("table", PAGE, count=0)

    def test_one_of_them_matches(self):
        self.assertSelects("#cart a", PAGE, '<a href="/item/8">Cup ...</a>')

    def test_the_body_of_a_page(self):
        self.assertSelects("body", PAGE, "<body>...<p>Total: ...</p></body>")

    def test_what_is_expected_must_be_one_element(self):
        for expected in ("", "<i>1</i><i>2</i>"):
            with self.assertRaisesRegex(ValueError, "one element, not"):
                assertSelects("b", PAGE, expected)


class Report(Golden, HTML):
    def check(self, name, function, *values, **options):
        with self.assertRaises(AssertionError) as caught:
            function(*values, **options)
        self.assertGolden(f"html-{name}", caught.exception)

    def test_an_attribute(self):
        self.check(
            "attribute", assertHTML, '<p><a href="/a">x</a></p>', '<p><a href="/b">x</a></p>'
        )

    def test_a_text_deep_down(self):
        self.check("text", assertHTML, PAGE.replace("8.00", "9.00"), PAGE)

    def test_an_element(self):
        self.check("element", assertHTML, "<p><i>x</i></p>", "<p><b>x</b></p>")

    def test_a_piece_between_holes(self):
        self.check(
            "piece", self.assertHTML, "<ul>...<li>3</li>...</ul>", "<ul><li>1</li></ul>", "why"
        )

    def test_nothing_selected(self):
        self.check("nothing", assertSelects, "#cart table", PAGE)

    def test_none_of_those_selected(self):
        self.check("none", self.assertSelects, "#cart li", PAGE, "<li>...<b>9.00</b></li>")
