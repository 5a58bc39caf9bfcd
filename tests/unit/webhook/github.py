"""A fake of GitHub's REST API for a repository's webhooks, by its documentation."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import Answer, Request

REPOSITORY = "example/payops"
TOKEN = "token-of-an-administrator"
WEAK_TOKEN = "token-that-may-read"
FINE_TOKEN = "token-without-webhooks"
PAGE = 2  # GitHub gives 30; with two, every list has pages

_NOT_FOUND = Answer(404, {"message": "Not Found", "status": "404"})


@dataclass
class GitHub:
    """Hooks by id, with their secrets, which no answer shows."""

    hooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    unwell: int = 0
    """The number of requests that are answered with 502."""

    def add(self, url: str) -> int:
        """Add an existing hook."""
        number = 100 + len(self.hooks)
        config = {"url": url, "content_type": "json", "insecure_ssl": "0", "secret": "former"}
        self.hooks[number] = {"name": "web", "config": config, "events": ["push"], "active": True}
        return number

    def answer(self, request: Request, url: str) -> Answer:
        """GitHub's answer."""
        if self.unwell:
            self.unwell -= 1
            return Answer(502, {"message": "Bad Gateway"})
        token = request.headers.get("authorization", "").split(" ")[-1]
        if token not in (TOKEN, WEAK_TOKEN, FINE_TOKEN):
            return Answer(401, {"message": "Bad credentials", "status": "401"})
        parts = urlsplit(request.path)
        root, hooks = f"/repos/{REPOSITORY}", f"/repos/{REPOSITORY}/hooks"
        if not parts.path.startswith(root) or (token == WEAK_TOKEN and parts.path.startswith(hooks)):
            return _NOT_FOUND
        if token == FINE_TOKEN:
            return Answer(403, {"message": "Resource not accessible by personal access token", "status": "403"})
        if parts.path == hooks:
            return self._create(request, url) if request.method == "POST" else self._list(parts.query, url)
        return self._one(request, int(parts.path.removeprefix(f"{hooks}/")), url)

    def _list(self, query: str, url: str) -> Answer:
        page = int(parse_qs(query).get("page", ["1"])[0])
        numbers = sorted(self.hooks)
        shown = [self._shown(number, url) for number in numbers[(page - 1) * PAGE : page * PAGE]]
        more = len(numbers) > page * PAGE
        link = {"Link": f'<{url}/repos/{REPOSITORY}/hooks?page={page + 1}>; rel="next"'} if more else {}
        return Answer(200, shown, link)

    def _create(self, request: Request, url: str) -> Answer:
        wanted = request.json
        if any(hook["config"]["url"] == wanted["config"]["url"] for hook in self.hooks.values()):
            message = "Hook already exists on this repository"
            return Answer(422, {"message": "Validation Failed", "errors": [{"resource": "Hook", "message": message}]})
        number = self.add(wanted["config"]["url"])
        self.hooks[number] = dict(wanted)
        return Answer(201, self._shown(number, url))

    def _one(self, request: Request, number: int, url: str) -> Answer:
        if number not in self.hooks:
            return _NOT_FOUND
        if request.method == "DELETE":
            del self.hooks[number]
            return Answer(204)
        if request.method == "PATCH":
            self.hooks[number] |= request.json
        return Answer(200, self._shown(number, url))

    def _shown(self, number: int, url: str) -> dict[str, Any]:
        hook = self.hooks[number]
        config = {**hook["config"], "secret": "********"}
        own = f"{url}/repos/{REPOSITORY}/hooks/{number}"
        return {**hook, "config": config, "id": number, "type": "Repository", "url": own, "test_url": f"{own}/test"}
