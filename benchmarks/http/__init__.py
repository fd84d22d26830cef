"""FakeServer and LiveServer beside their peers: see ``python -m benchmarks.http --help``."""
