import contextlib
import ctypes
import io
import logging
import os
import subprocess
import sys
import threading
import unittest

from tests.helpers import Golden
from underlay._errors import CapturesOverlap
from underlay.capture import capture
from underlay.capture._streams import symbol


def child(code: str, **kw: object) -> None:
    subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=True, **kw)


class Sees(unittest.TestCase):
    """capture() sees what is written to standard output and error, by whatever way."""

    def test_print(self):
        with capture() as out:
            print("one")
            print("two", file=sys.stderr)
        self.assertEqual(("one\n", "two\n"), (out.stdout, out.stderr))

    def test_a_stream_that_was_saved_before(self):
        saved = sys.__stdout__
        with capture() as out:
            print("saved", file=saved)
        self.assertEqual("saved\n", out.stdout)

    def test_a_log_handler_that_was_made_before(self):
        handler = logging.StreamHandler(sys.__stderr__)
        with capture() as out:
            handler.emit(logging.makeLogRecord({"msg": "logged"}))
        self.assertEqual("logged\n", out.stderr)

    def test_the_descriptor(self):
        with capture() as out:
            os.write(1, b"raw")
            os.write(2, b"error")
        self.assertEqual((b"raw", b"error"), (out.stdout_bytes, out.stderr_bytes))

    def test_bytes_that_are_not_utf_8(self):
        with capture() as out:
            sys.stdout.buffer.write(b"\xff\n")
        self.assertEqual((b"\xff\n", "\\xff\n"), (out.stdout_bytes, out.stdout))

    def test_text_that_has_no_bytes(self):
        with capture() as out:
            print("\udcff")
        self.assertEqual("\\udcff\n", out.stdout)

    def test_c(self):
        with capture() as out:
            ctypes.CDLL(None).puts(b"from C")
        self.assertEqual("from C\n", out.stdout)

    def test_a_child(self):
        with capture() as out:
            child("import os; os.write(1, b'out'); os.write(2, b'err')")
        self.assertEqual(("out", "err"), (out.stdout, out.stderr))

    def test_a_child_that_is_given_the_stream(self):
        with capture() as out:
            child("print('given')", stdout=sys.stdout)
        self.assertEqual("given\n", out.stdout)

    def test_another_thread(self):
        with capture() as out:
            thread = threading.Thread(target=print, args=["threaded"])
            thread.start()
            thread.join()
        self.assertEqual("threaded\n", out.stdout)

    def test_more_than_a_pipe_holds(self):
        with capture() as out:
            child("print('x' * 1_000_000)")
        self.assertEqual(1_000_001, len(out.stdout_bytes))

    def test_a_child_that_appends(self):
        """`command >> /dev/stdout` and print do not overwrite each other."""
        with capture() as out:
            print("before")
            subprocess.run("echo child >> /dev/stdout", shell=True, check=True)
            print("after")
        self.assertEqual("before\nchild\nafter\n", out.stdout)


class Reads(unittest.TestCase):
    def test_inside_the_block(self):
        with capture() as out:
            ctypes.CDLL(None).printf(b"C ")
            print("one")
            self.assertIn("one\n", out.stdout)
            self.assertIn("C ", out.stdout)
            print("two")
        self.assertIn("two\n", out.stdout)

    def test_what_was_written_before_is_not_in_it(self):
        with capture() as outer:
            ctypes.CDLL(None).printf(b"before")
            with capture() as out:
                print("inside")
            ctypes.CDLL(None).printf(b" after")
        self.assertEqual(("inside\n", "before after"), (out.stdout, outer.stdout))

    def test_a_block_that_fails(self):
        with contextlib.suppress(ZeroDivisionError), capture() as out:
            print("so far")
            raise ZeroDivisionError
        self.assertEqual("so far\n", out.stdout)

    def test_merged_in_the_order_of_writing(self):
        with capture(merge=True) as out:
            print("1", file=sys.stderr)
            print("2")
            os.write(2, b"3\n")
            child("print(4)")
        self.assertEqual("1\n2\n3\n4\n", out.stdout)

    def test_merged_has_no_standard_error_of_its_own(self):
        with capture(merge=True) as out:
            pass
        with self.assertRaisesRegex(ValueError, "all output in stdout"):
            _ = out.stderr


class Restores(unittest.TestCase):
    def test_streams_and_descriptors(self):
        before = sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)
        with capture():
            self.assertNotEqual(before[:2], (sys.stdout, sys.stderr))
        after = sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)
        self.assertEqual(
            [*before[:2], before[2].st_ino, before[3].st_ino],
            [*after[:2], after[2].st_ino, after[3].st_ino],
        )

    def test_no_descriptor_is_left_over(self):
        before = os.listdir("/dev/fd")
        for _ in range(5):
            with capture(), capture(merge=True):
                pass
        self.assertEqual(before, os.listdir("/dev/fd"))

    def test_blocks_nest(self):
        with capture() as outer:
            print("1")
            with capture() as inner:
                print("2")
            print("3")
        self.assertEqual(("1\n3\n", "2\n"), (outer.stdout, inner.stdout))

    def test_streams_that_another_tool_replaced(self):
        with contextlib.redirect_stdout(io.StringIO()) as theirs:
            with capture() as out:
                print("ours")
            print("theirs")
        self.assertEqual(("ours\n", "theirs\n"), (out.stdout, theirs.getvalue()))

    def test_a_stream_that_is_kept_goes_on(self):
        """A log handler that was made inside writes to the real standard output afterwards."""
        with capture() as outer:
            with capture() as inner:
                kept = sys.stdout
            print("later", file=kept)
        self.assertEqual(("later\n", ""), (outer.stdout, inner.stdout))

    def test_descriptors_that_are_closed(self):
        """What was closed before can be captured, and is closed again afterwards."""
        code = """if True:
            import itertools, os, sys
            from underlay.capture import capture
            report = os.dup(1)
            for closed in itertools.chain.from_iterable(
                itertools.combinations((0, 1, 2), size) for size in range(4)
            ):
                saved = [os.dup(n) for n in (0, 1, 2)]
                for n in closed:
                    os.close(n)
                with capture() as out:
                    os.write(1, b"out"); os.write(2, b"err"); print("x")
                for n in (0, 1, 2):
                    try:
                        os.fstat(n)
                    except OSError:
                        assert n in closed, (n, closed)
                    else:
                        assert n not in closed, (n, closed)
                for n in (0, 1, 2):
                    os.dup2(saved[n], n)
                    os.close(saved[n])
                assert (out.stdout, out.stderr) == ("outx\\n", "err"), (closed, out.stdout)
                os.write(report, b".")
        """
        with capture() as out:
            child(code)
        self.assertEqual(("........", ""), (out.stdout, out.stderr))


class Overlap(Golden):
    def check(self, name, message):
        ours = threading.current_thread().name
        self.assertGolden(name, message.replace(repr(ours), "'MainThread'"))

    def in_thread(self, function):
        thread = threading.Thread(target=function, name="the other")
        thread.start()
        thread.join()

    def test_another_thread_cannot_capture(self):
        caught = []

        def other():
            try:
                with capture():
                    pass
            except CapturesOverlap as error:
                caught.append(str(error))

        with capture() as out:
            self.in_thread(other)
            print("undisturbed")
        self.assertEqual("undisturbed\n", out.stdout)
        self.check("capture-thread", caught[0])

    def test_another_thread_can_afterwards(self):
        texts = []

        def other():
            with capture() as out:
                print("other")
            texts.append(out.stdout)

        with capture():
            pass
        self.in_thread(other)
        self.assertEqual(["other\n"], texts)

    def test_a_block_that_outlives_the_one_around_it_is_told(self):
        """Coroutines can do that; the descriptors are restored all the same."""
        with capture() as around:
            first, second = capture(), capture()
            first.__enter__()
            second.__enter__()
            first.__exit__(None, None, None)
            print("restored")
            with self.assertRaises(CapturesOverlap) as caught:
                second.__exit__(None, None, None)
        self.assertEqual("restored\n", around.stdout)
        self.check("capture-order", str(caught.exception))

    def test_a_thread_that_waits_for_input_does_not_hold_it_up(self):
        """C's other streams are left alone: flushing them all would wait for the reader."""
        code = """if True:
            import ctypes, os, threading
            from underlay.capture import capture
            libc = ctypes.CDLL(None)
            reader = threading.Thread(target=libc.getchar)
            reader.start()
            with capture() as out:
                print("captured")
            print(out.stdout, end="", flush=True)
            os.read(0, 0)
        """
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with process:
            self.assertEqual(b"captured\n", process.stdout.readline())
            process.stdin.close()
        self.assertEqual(0, process.returncode)


class Symbols(unittest.TestCase):
    def test_the_c_library_has_its_own_names(self):
        self.assertEqual("stdout", symbol("stdout", "linux"))
        self.assertEqual("__stderrp", symbol("stderr", "darwin"))
