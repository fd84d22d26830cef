"""PaymentProvider: the HTTP service that charges our customers' cards."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Declined(Exception):
    """The provider will not charge this card; the message says why."""


class ProviderUnavailable(Exception):
    """The provider could not be asked."""


class PaymentProvider:
    """A client of the payment provider.

    :param url: where it answers.
    :param attempts: how often to ask before giving up.
    :param timeout: how long to wait for each answer, in seconds.
    """

    def __init__(self, url: str, attempts: int = 2, timeout: float = 10.0) -> None:
        self._url = url
        self._attempts = attempts
        self._timeout = timeout

    def charge(self, amount: int, card: str) -> str:
        """Charge a card and return the id of the payment.

        A broken connection leaves open whether the card was charged.  So the same request is sent
        again, with a key by which the provider knows it from a second purchase.

        :param amount: in cents.
        :raises Declined: if the provider says no.
        :raises ProviderUnavailable: if the connection broke each time, or the provider is in
            trouble itself.
        """
        request = Request(
            f"{self._url}/charge",
            json.dumps({"amount": amount, "currency": "EUR", "card": card}).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
        )
        for _ in range(self._attempts):
            try:
                return str(self._ask(request)["id"])
            except OSError as error:
                failure = error
        raise ProviderUnavailable(f"Asked {self._attempts} times: {failure}") from failure

    def _ask(self, request: Request) -> Any:
        try:
            with urlopen(request, timeout=self._timeout) as response:
                return json.load(response)
        except HTTPError as error:
            with error:
                if error.code == 402:
                    raise Declined(json.load(error)["reason"]) from None
                raise ProviderUnavailable(str(error)) from error
