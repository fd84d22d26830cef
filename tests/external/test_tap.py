"""TAP is read line by line: what is told when, and what is no part of it."""

import textwrap
import unittest

from underlay.external._tap import Parser


def read(text):
    """What each line told, if it told anything: titles and verdicts; the last is the end."""
    parser = Parser()
    told = [(line, list(parser.feed(line))) for line in textwrap.dedent(text).splitlines()]
    told.append(("the end", list(parser.end())))
    results = {
        line.strip(): [(" ".join(spec.titles), done.status) for spec, done in came]
        for line, came in told
        if came
    }
    return results, [each.failure.message for each in parser.problems]


class When(unittest.TestCase):
    def check(self, text, expected):
        self.assertEqual((expected, []), read(text))

    def test_a_good_one_is_told_by_its_line(self):
        self.check(
            "1..2\nok 1 - a\nok 2\n", {"ok 1 - a": [("a", "passed")], "ok 2": [("2", "passed")]}
        )

    def test_one_without_a_title_has_that_of_its_subtests(self):
        self.check(
            "# Subtest: a\n    1..0 # SKIP no net\nok 1 # skip no net\n1..1\n",
            {"ok 1 # skip no net": [("a", "skipped")]},
        )

    def test_a_bad_one_without_an_explanation_with_the_comments_that_follow(self):
        self.check(
            "not ok 1 - a\n# why\n# so\nok 2 - b\n1..2\n",
            {"ok 2 - b": [("a", "failed"), ("b", "passed")]},
        )

    def test_a_bad_one_with_its_explanation(self):
        self.check(
            """\
            not ok 1 - a
              ---
              error: |-
                text
                ...
              ...
            not ok 2 - b
            ok 3 - c
            not ok 4 - d
            1..4
            """,
            {
                "...": [("a", "failed")],
                "ok 3 - c": [("b", "failed"), ("c", "passed")],
                "1..4": [("d", "failed")],
            },
        )

    def test_those_of_subtests_that_a_comment_names_at_once(self):
        self.check(
            """\
            # Subtest: a \\# b
                # Subtest: c
                    ok 1 - d
                    1..1
                ok 1 - c
                not ok 2 - e
                1..2
            not ok 1 - a \\# b
            1..1
            """,
            {"ok 1 - d": [("a # b c d", "passed")], "1..2": [("a # b e", "failed")]},
        )

    def test_those_of_other_subtests_with_the_test_that_names_them(self):
        """As older versions of Perl's Test::More indent the comment."""
        self.check(
            """\
                # Subtest: a
                    # Subtest: b
                    ok 1 - c
                    1..1
                ok 1 - b
                1..1
            ok 1 - a
            1..1
            """,
            {"ok 1 - a": [("a b c", "passed")]},
        )


class What(unittest.TestCase):
    def test_noise_is_no_part_of_it(self):
        results, problems = read(
            """\
            1..2
            ---
            # Subtest
              ok 7 - is indented by two
            ok 1 - a
            ---
            ...
              ---
            ok 2 - b
            """
        )
        self.assertEqual(["ok 1 - a", "ok 2 - b"], list(results))
        self.assertEqual([], problems)

    def test_an_explanation_without_an_end_hides_nothing(self):
        results, problems = read("not ok 1 - a\n  ---\n  ok: 1\nok 2 - b\n1..2\n")
        self.assertEqual({"ok 2 - b": [("a", "failed"), ("b", "passed")]}, results)
        self.assertEqual([], problems)

    def test_a_long_line_is_a_line(self):
        results, problems = read(f"{'x' * 10_000_000}\nok - {'# ' * 5_000_000}\n1..1\n")
        self.assertEqual((1, []), (len(results), problems))

    def test_a_group_is_a_test_if_it_fails_for_another_reason_than_theirs(self):
        results, problems = read("    ok 1 - b\n    1..1\nnot ok 1 - a\n1..1\n")
        self.assertEqual({"1..1": [("a b", "passed"), ("a", "failed")]}, results)
        self.assertEqual([], problems)

    def test_a_subtest_has_to_end_as_it_was_called(self):
        _, problems = read("# Subtest: a\n    ok 1 - b\n    1..1\nok 1 - c\n1..1\n")
        self.assertEqual(["The subtest 'a' has ended as 'c'."], problems)

    def test_subtests_that_break_off_are_told(self):
        results, problems = read("1..1\n    1..2\n    ok 1 - b\n")
        self.assertEqual({"the end": [("b", "passed")]}, results)
        self.assertEqual(
            ["The TAP plan was 1..2, but 1 came.", "The TAP plan was 1..1, but 0 came."], problems
        )
