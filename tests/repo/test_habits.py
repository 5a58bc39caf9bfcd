"""Guards against bad habits: SQL that swallows errors, sleeping, patching by text, monkey-patching."""

import ast
import re

import pytest

from tests.repo.sources import GUARDS, TESTS, Guard, Source, dotted, find_nothing, imports, python, texts

_SQL = re.compile(
    r"INSERT\s+(OR\s+)?IGNORE|OR\s+REPLACE|REPLACE\s+INTO|ON\s+DELETE\s+CASCADE"
    r"|ondelete\s*=\s*[\"']CASCADE|prefix_with\(\s*[\"'](OR\s+)?(IGNORE|REPLACE)|\.replace_into\(",
    re.IGNORECASE,
)
_MEANS_SQL = (".py", ".sql", ".sh", ".j2", ".yml", ".yaml")


def error_swallowing_sql(source: Source) -> list[str]:
    """INSERT IGNORE hid foreign-key and CHECK errors; REPLACE and CASCADE delete rows of money."""
    return [f"{source.path}: {match.group()}" for match in _SQL.finditer(source.text)]


def sleeps(source: Source) -> list[str]:
    """Tests wait for conditions with a deadline; the product gets its pause from its composition root."""
    in_test = source.path.startswith(TESTS)
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.expr):
            continue
        name = dotted(node.func if isinstance(node, ast.Call) else node)
        if name in ("time.sleep", "sleep") and (in_test or isinstance(node, ast.Call)):
            found.append(f"{source.path}:{node.lineno} {name}")
    if "time.sleep" in imports(source.tree):
        found.append(f"{source.path}: from time import sleep")
    return found


def patched_by_text(source: Source) -> list[str]:
    """`patch("a.b")` breaks silently when a.b moves: pass the object, or better, pass in a fake."""
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name, first = dotted(node.func), node.args[0]
        text = first.value if isinstance(first, ast.Constant) else None
        by_text = isinstance(text, str) and "." in text
        if by_text and (name.split(".")[-1] in ("patch", "delattr", "setattr") or name.endswith("patch.multiple")):
            found.append(f"{source.path}:{node.lineno} {name}({text!r})")
    return found


def monkey_patching(source: Source) -> list[str]:
    """Allowed in app/wsgi.py alone, before anything else is imported."""
    patches = re.findall(r"gevent\.monkey|from gevent import monkey|monkey\.patch_\w+", source.text)
    if source.path != "app/wsgi.py":
        return [f"{source.path}: {text}" for text in patches]
    body = source.tree.body[1:] if ast.get_docstring(source.tree) else source.tree.body
    first = [ast.unparse(statement) for statement in body[:2]]
    expected = ["from gevent import monkey", "monkey.patch_all()"]
    return [] if first == expected else [f"{source.path} starts with {first}, not with {expected}"]


def test_sql_never_swallows_errors() -> None:
    files = [s for s in texts() if s.path.endswith(_MEANS_SQL) and not s.path.startswith(GUARDS)]
    find_nothing(error_swallowing_sql, files)


def test_nobody_sleeps() -> None:
    files = [s for s in python() if s.product or s.path.startswith(TESTS)]
    find_nothing(sleeps, files)


def test_nobody_patches_by_text() -> None:
    find_nothing(patched_by_text, python())


def test_monkey_patching_is_the_first_line_of_wsgi_and_nowhere_else() -> None:
    files = [s for s in python() if not s.path.startswith(GUARDS)]
    assert "app/wsgi.py" in {source.path for source in files}
    find_nothing(monkey_patching, files)


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (error_swallowing_sql, "payments/a.py", 'text("INSERT  IGNORE INTO t VALUES (1)")'),
        (error_swallowing_sql, "payments/a.py", 'text("insert or ignore into t values (1)")'),
        (error_swallowing_sql, "payments/a.py", 'text("REPLACE INTO t VALUES (1)")'),
        (error_swallowing_sql, "payments/a.py", 'text("INSERT OR REPLACE INTO t VALUES (1)")'),
        (error_swallowing_sql, "payments/a.py", 'insert(t).prefix_with("IGNORE")'),
        (error_swallowing_sql, "payments/a.py", 'ForeignKey("t.id", ondelete="CASCADE")'),
        (error_swallowing_sql, "a.sql", "FOREIGN KEY (a) REFERENCES t (a) ON DELETE\n CASCADE"),
        (sleeps, "worker/a.py", "import time\ntime.sleep(1)"),
        (sleeps, "worker/a.py", "from time import sleep"),
        (sleeps, "tests/unit/a.py", "wait(pause=time.sleep)"),
        (patched_by_text, "tests/a.py", 'mock.patch("payments.platform.clock.monotonic")'),
        (patched_by_text, "tests/a.py", 'monkeypatch.setattr("payments.config.load", load)'),
        (monkey_patching, "app/bootstrap.py", "from gevent import monkey"),
        (monkey_patching, "tests/a.py", "import gevent.monkey"),
        (monkey_patching, "app/wsgi.py", '"""WSGI."""\nimport os\nfrom gevent import monkey\nmonkey.patch_all()'),
    ],
)
def test_the_guards_find_planted_breaches(guard: Guard, path: str, text: str) -> None:
    assert guard(Source(path, text))


@pytest.mark.parametrize(
    ("guard", "path", "text"),
    [
        (error_swallowing_sql, "payments/a.py", 'text.replace("a", "b")  # not INSERT'),
        (sleeps, "worker/a.py", "run(pause=time.sleep)\nstop.wait(1)"),
        (sleeps, "tests/unit/a.py", "clock.sleep(1)\nconnection.execute(text('SELECT SLEEP(1)'))"),
        (patched_by_text, "tests/a.py", 'monkeypatch.setattr(clock, "monotonic", fake)\nclient.patch("/payments")'),
        (monkey_patching, "app/wsgi.py", '"""WSGI."""\nfrom gevent import monkey\n\nmonkey.patch_all()\nimport os'),
    ],
)
def test_the_guards_let_pass_what_is_right(guard: Guard, path: str, text: str) -> None:
    assert not guard(Source(path, text))
