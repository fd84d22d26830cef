"""Deadline and wait_until(): the only place that reads the clock or sleeps."""

import os
import subprocess
import threading
import unittest
from unittest import mock

from underlay import NotReady
from underlay._waiting import Deadline, wait_until


class Deadlines(unittest.TestCase):
    def test_there_is_time_left_until_it_has_passed(self):
        deadline = Deadline(60, "the server to answer")
        self.assertFalse(deadline.passed)
        self.assertTrue(0 < deadline.left <= 60)

    def test_a_deadline_in_the_past_has_no_time_left(self):
        deadline = Deadline(-1, "the server to answer")
        self.assertEqual((True, 0.0), (deadline.passed, deadline.left))

    def test_its_error_says_what_was_awaited(self):
        error = Deadline(0.5, "the server to answer").error("It printed: oops")
        self.assertEqual("Waited 0.5 s for the server to answer.\n  It printed: oops", str(error))


class WaitUntil(unittest.TestCase):
    def test_it_returns_what_the_condition_returns(self):
        self.assertEqual("ready", wait_until(lambda: "ready", "it", seconds=0))

    def test_it_asks_until_the_answer_is_true(self):
        answers = [None, 0, "", "ready", "too late"]
        self.assertEqual("ready", wait_until(lambda: answers.pop(0), "it"))
        self.assertEqual(["too late"], answers)

    def test_it_asks_again_after_the_longest_pause_at_the_latest(self):
        answers = [None] * 20 + ["ready"]
        with mock.patch("time.sleep") as sleep:
            wait_until(lambda: answers.pop(0), "it", longest=0.002)
        self.assertEqual(0.002, max(seconds for (seconds,), _ in sleep.call_args_list))

    def test_it_sees_what_another_thread_does(self):
        done = threading.Event()
        thread = threading.Thread(target=done.set)
        wait_until(lambda: thread.ident or thread.start(), "the thread to start")
        self.assertTrue(wait_until(done.is_set, "the thread to answer"))
        thread.join()

    @unittest.skipUnless(hasattr(os, "pidfd_open"), "Only Linux tells.")
    def test_it_asks_at_once_when_a_child_ends(self):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
            child.stdin.close()
            with mock.patch("time.sleep", side_effect=AssertionError("sleeps")):
                wait_until(lambda: child.poll() is not None, "it to end", pid=child.pid)

    def test_where_nobody_tells_of_that_it_sleeps(self):
        for error in (OSError, AttributeError):
            condition = mock.Mock(side_effect=[None, "ready"])
            with mock.patch("os.pidfd_open", side_effect=error, create=True):
                self.assertEqual("ready", wait_until(condition, "it", pid=1))

    def test_when_time_is_up_it_raises_with_the_detail(self):
        with self.assertRaises(NotReady) as caught:
            wait_until(lambda: None, "the server to answer", 0.002, lambda: "no log")
        evidence = caught.exception
        self.assertEqual(
            ("the server to answer", 0.002, "no log"),
            (evidence.awaited, evidence.seconds, evidence.detail),
        )

    def test_it_asks_at_least_once(self):
        asked = []
        with self.assertRaises(NotReady):
            wait_until(lambda: asked.append(1), "it", seconds=0)
        self.assertEqual([1], asked)

    def test_an_error_of_the_condition_is_not_caught(self):
        with self.assertRaises(ZeroDivisionError):
            wait_until(lambda: 1 / 0, "it")
