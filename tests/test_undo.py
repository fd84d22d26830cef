"""Undo: clean-ups that all run, newest first, and whose errors all survive."""

import contextlib
import unittest

from underlay._undo import Undo


class Problem(Exception):
    """All of them are equal: errors must be told apart by identity."""

    def __eq__(self, other):
        return True

    __hash__ = Exception.__hash__


def fail(error):
    raise error


def chain(error):
    """The error and those on its context."""
    while error is not None:
        yield error
        error = error.__context__


class Close(unittest.TestCase):
    def setUp(self):
        self.undo = Undo()
        self.log = []

    def close(self, error=None):
        """Close, and return the arguments of all errors, the one that was raised first."""
        try:
            self.undo.close(error)
        except BaseException as raised:
            return [each.args[0] for each in chain(raised)]
        return []

    def test_clean_ups_run_newest_first(self):
        for number in range(3):
            self.undo.add(self.log.append, number)
        self.undo.close()
        self.assertEqual([2, 1, 0], self.log)

    def test_a_clean_up_is_called_with_its_arguments(self):
        self.undo.add(lambda *args, **kw: self.log.append((args, kw)), 1, function=2)
        self.undo.close()
        self.assertEqual([((1,), {"function": 2})], self.log)

    def test_a_second_close_does_nothing(self):
        self.undo.add(self.log.append, 1)
        self.undo.close()
        self.undo.close()
        self.assertEqual([1], self.log)

    def test_a_clean_up_that_is_added_by_a_clean_up_runs_next(self):
        self.undo.add(self.log.append, "first")
        self.undo.add(self.undo.add, self.log.append, "added")
        self.undo.close()
        self.assertEqual(["added", "first"], self.log)

    def test_an_error_does_not_keep_the_others_from_running(self):
        self.undo.add(self.log.append, 1)
        self.undo.add(fail, Problem(2))
        self.undo.add(self.log.append, 3)
        self.assertEqual([2], self.close())
        self.assertEqual([3, 1], self.log)

    def test_the_last_error_is_raised_and_the_others_hang_on_it(self):
        for number in (3, 2, 1):
            self.undo.add(fail, Problem(number))
        self.assertEqual([3, 2, 1], self.close())

    def test_the_error_that_made_it_necessary_hangs_on_the_end(self):
        self.undo.add(fail, Problem(2))
        self.undo.add(fail, Problem(1))
        try:
            raise Problem("cause")
        except Problem as error:
            self.assertEqual([2, 1, "cause"], self.close(error))

    def test_an_error_being_handled_keeps_its_place_at_the_end(self):
        self.undo.add(fail, Problem(2))
        self.undo.add(fail, Problem(1))
        try:
            raise Problem("around")
        except Problem:
            self.assertEqual([2, 1, "around"], self.close())

    def test_the_context_that_an_error_has_already_is_kept(self):
        def fail_while_handling():
            try:
                raise Problem("inner")
            except Problem:
                raise Problem("outer")  # noqa: B904

        self.undo.add(fail_while_handling)
        self.undo.add(fail, Problem("first"))
        self.assertEqual(["outer", "inner", "first"], self.close())

    def test_an_error_that_is_raised_twice_makes_no_circle(self):
        error = Problem("again")
        for each in (error, Problem("between"), error):
            self.undo.add(fail, each)
        self.assertEqual(["between", "again"], self.close())

    def test_an_error_that_was_raised_from_an_earlier_one_stays_on_it(self):
        first = Problem("first")

        def fail_because_of_first():
            try:
                raise first
            except Problem:
                raise Problem("second")  # noqa: B904

        self.undo.add(fail_because_of_first)
        self.undo.add(fail, first)
        self.assertEqual(["second", "first"], self.close())

    def test_an_interrupt_is_not_hidden_by_what_follows_it(self):
        self.undo.add(fail, Problem(2))
        self.undo.add(fail, KeyboardInterrupt("interrupt"))
        self.undo.add(fail, Problem(1))
        self.assertEqual(["interrupt", 1, 2], self.close())

    def test_an_interrupt_that_made_it_necessary_stays_the_one_that_counts(self):
        self.undo.add(fail, Problem(1))
        try:
            raise KeyboardInterrupt("interrupt")
        except KeyboardInterrupt as error:
            self.assertEqual([], self.close(error))
            self.assertEqual(["interrupt", 1], [each.args[0] for each in chain(error)])

    def test_thousands_of_clean_ups_may_all_fail(self):
        for number in range(2000):
            self.undo.add(fail, Problem(number))
        self.assertEqual(list(range(2000)), self.close())


class Enter(unittest.TestCase):
    def test_a_context_is_left_on_close(self):
        log = []

        @contextlib.contextmanager
        def context():
            log.append("in")
            yield "value"
            log.append("out")

        undo = Undo()
        self.assertEqual("value", undo.enter(context()))
        self.assertEqual(["in"], log)
        undo.close()
        self.assertEqual(["in", "out"], log)

    def test_a_context_is_told_the_error_and_may_not_swallow_it(self):
        told = []

        class Context:
            def __enter__(self):
                return self

            def __exit__(self, *exc_info):
                told.append(exc_info)
                return True

        undo, error = Undo(), ValueError()
        undo.enter(Context())
        undo.enter(contextlib.suppress(ValueError))
        undo.add(fail, KeyError(1))
        with self.assertRaises(KeyError):
            undo.close(error)
        self.assertEqual([(ValueError, error, None)], told)

    def test_a_context_that_cannot_be_entered_is_not_left(self):
        @contextlib.contextmanager
        def context():
            raise ValueError
            yield

        undo = Undo()
        with self.assertRaises(ValueError):
            undo.enter(context())
        undo.close()
