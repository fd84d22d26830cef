"""What the tests of this room share."""

from tests.helpers import Golden, temporary_folder
from tests.http.support import ask, up
from underlay.standalone._server import FileServer

USERS = """\
- expect: {method: GET, path: "/users/{id:int}"}
  then: {json: {name: Bob}}
"""


class Told(FileServer):
    """Keeps what it would print."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.told = []

    def tell(self, text):
        self.told.append(text)


class StandaloneTest(Golden):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.file = self.folder / "api.yaml"

    def serve(self, text, *arguments):
        self.file.write_text(text)
        return up(self, Told(self.file, *arguments))

    def ask(self, server, path, *arguments, **options):
        return ask(server.url + path, *arguments, **options)

    def shortened(self, text):
        return str(text).replace(f"{self.folder}/", "")
