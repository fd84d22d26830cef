"""What a real browser makes of a page: Chromium, driven by nothing but its command line."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The page is shown in a frame, because windows have a least width; as its source is part of the
# document around it, that may look inside.
AROUND = """\
<!DOCTYPE html>
<iframe width="{width}" height="800" srcdoc="{page}"></iframe>
<script>
  const frame = document.querySelector("iframe");
  frame.addEventListener("load", () => {{
    const {{contentDocument: document, contentWindow: window}} = frame;
    const found = JSON.stringify((() => {{ {script} }})());
    frame.replaceWith(Object.assign(top.document.createElement("pre"), {{textContent: found}}));
  }});
</script>
"""


def ask(page, script, width):
    """Show a page in a window of that width and return what JavaScript finds in its document.

    :param script: the body of a function that sees the ``document`` and ``window`` of the page.
    """
    # Children of Chromium may still write to its profile when it has ended.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        file = Path(name) / "around.html"
        file.write_text(AROUND.format(page=html.escape(page), width=width, script=script))
        command = [_chromium(), *_options(name), "--dump-dom", file.as_uri()]
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
    found = re.search("<pre>(.*)</pre>", process.stdout, re.DOTALL)
    if not found:
        raise AssertionError(f"Chromium did not answer.\n{process.stdout}\n{process.stderr}")
    return json.loads(html.unescape(found[1]))


def _options(folder):
    yield from ("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
    yield "--disable-dev-shm-usage"  # containers have little of it
    yield f"--user-data-dir={folder}/user"
    if os.getuid() == 0:
        yield "--no-sandbox"  # it refuses root otherwise


def _chromium():
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise LookupError("Chromium is not installed, or not on PATH.  Run: apt-get install chromium")
