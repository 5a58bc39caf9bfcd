"""Roles of ansible/: each declares its variables, starts with a preflight, is used, and has a README."""

import re
from pathlib import Path
from typing import Any

import pytest

from payments.platform.tables.every import metadata
from tests.repo.roles import ANSIBLE, ROLES, options, read, task_files, tasks

EXPECTED = {"base", "mariadb", "redis", "kafka", "psp", "payops", "k6", "jenkins", "ngrok", "grafana"}
EXPECTED |= {"prometheus", "alertmanager", "exporter", "envoy", "pki"}
LONGEST_TASK_FILE = 80
_VALIDATED = re.compile(r"check\.yaml|sudoers|nftables|prometheus\.yml|alertmanager\.yml|\.service\.j2")


def differing_defaults(defaults: dict[str, Any], specs: dict[str, dict[str, Any]]) -> list[str]:
    """defaults/main.yml and the specs name the same variables with the same values; others are required."""
    found = [f"{name} is not in the specs" for name in defaults.keys() - specs.keys()]
    for name, spec in specs.items():
        if ("default" in spec) == bool(spec.get("required")):
            found.append(f"{name} must have a default or be required, one of both")
        if "default" in spec and name not in defaults:
            found.append(f"{name} has no default in defaults/main.yml")
        elif "default" in spec and defaults[name] != spec["default"]:
            found.append(f"{name}: {defaults[name]!r} is not {spec['default']!r}")
        if "default" not in spec and name in defaults:
            found.append(f"{name} has a default that the specs do not have")
    return found


def secrets_with_a_default(specs: dict[str, dict[str, Any]]) -> list[str]:
    return [
        name
        for name, spec in specs.items()
        if re.search(r"password|secret|token", name) and spec.get("default") and not name.endswith(("_file", "_path"))
    ]


def wrong_names(role: str, names: set[str]) -> list[str]:
    return sorted(name for name in names if not name.lstrip("_").startswith(f"{role}_"))


def unnamed_or_short(path: Path) -> list[str]:
    """Tasks without a name, and modules without their collection."""
    keywords = {"name", "when", "loop", "register", "vars", "notify", "tags", "become", "until", "retries", "delay"}
    keywords |= {
        "changed_when",
        "diff",
        "failed_when",
        "no_log",
        "check_mode",
        "delegate_to",
        "run_once",
        "environment",
        "args",
    }
    keywords |= {
        "loop_control",
        "become_user",
        "ignore_errors",
        "block",
        "rescue",
        "always",
        "throttle",
        "async",
        "poll",
    }
    found = []
    for task in tasks(read(path)):
        if not task.get("name"):
            found.append(f"{path.name}: a task without a name: {task}")
        modules = set(task) - keywords
        found += [f"{path.name}: {module}" for module in modules if module.count(".") < 2]
    return found


def wrong_tags(used: list[dict[str, Any]]) -> list[str]:
    """A role is tagged with its name and nothing else; an exporter also with the name of its own."""
    found = []
    for item in used:
        wanted = [item["role"]]
        if item["role"] == "exporter":
            wanted.append(f"{item['vars']['exporter_name']}_exporter")
        if item.get("tags") != wanted:
            found.append(f"{item['role']}: {item.get('tags')} are not {wanted}")
    return found


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_role_of_the_platform_is_there() -> None:
    assert set(ROLES) == EXPECTED


def test_defaults_are_the_specs(role: str) -> None:
    assert differing_defaults(read(ANSIBLE / "roles" / role / "defaults/main.yml") or {}, options(role)) == []


def test_no_secret_has_a_default(role: str) -> None:
    assert secrets_with_a_default(options(role)) == []


def test_variables_carry_the_roles_name(role: str) -> None:
    folder = ANSIBLE / "roles" / role
    names = set(options(role)) | set(read(folder / "vars/main.yml") or {})
    for path in task_files(role):
        names |= {task["register"] for task in tasks(read(path)) if "register" in task}
    assert wrong_names(role, names) == []


def test_tasks_are_a_table_of_contents_with_the_checks_first(role: str) -> None:
    main = list(tasks(read(ANSIBLE / "roles" / role / "tasks/main.yml")))
    assert main[0].get("ansible.builtin.import_tasks") == "preflight.yml"
    listed = {
        "ansible.builtin.import_tasks",
        "ansible.builtin.include_tasks",
        "block",
    }  # a block: of such, with a `when`
    assert [task["name"] for task in main if not set(task) & listed and "ansible.builtin.meta" not in task] == []


def test_tasks_are_named_and_modules_in_full(role: str) -> None:
    assert [breach for path in task_files(role) for breach in unnamed_or_short(path)] == []


def test_task_files_are_short(role: str) -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in task_files(role)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_TASK_FILE} == {}


def test_the_readme_has_every_variable_and_an_example(role: str) -> None:
    text = (ANSIBLE / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert "```yaml" in text
    expanded = set(re.findall(r"`(\w+)`", text))
    for start, middle, end in re.findall(r"`(\w*)\{([\w,]+)\}(\w*)`", text):
        expanded |= {f"{start}{part}{end}" for part in middle.split(",")}
    assert set(options(role)) - expanded == set()


def test_what_has_a_validator_is_validated(role: str) -> None:
    found = []
    for path in task_files(role):
        for task in tasks(read(path)):
            template = task.get("ansible.builtin.template")
            if template and _VALIDATED.search(str(template.get("src"))) and "validate" not in template:
                found.append(f"{path.name}: {task['name']}")
    assert found == []


def test_every_role_is_used_and_tagged_with_its_name() -> None:
    used = [item for play in read(ANSIBLE / "site.yml") for item in play.get("roles", [])]
    assert {item["role"] for item in used} == set(ROLES)
    assert wrong_tags(used) == []


def test_every_exporter_is_used() -> None:
    used = [item for play in read(ANSIBLE / "site.yml") for item in play.get("roles", [])]
    names = [item["vars"]["exporter_name"] for item in used if item["role"] == "exporter"]
    assert sorted(names) == sorted(options("exporter")["exporter_name"]["choices"])


def test_grants_name_tables_that_there_are() -> None:
    variables = read(ANSIBLE / "roles/mariadb/vars/main.yml")
    named = {table for tables in variables["mariadb_tables_of"].values() for table in tables}
    assert named <= set(metadata.tables)


def test_grants_are_for_accounts_that_there_are() -> None:
    variables = read(ANSIBLE / "roles/mariadb/vars/main.yml")
    assert set(variables["mariadb_tables_of"]) <= {user["name"] for user in variables["mariadb_users"]}


def test_every_process_has_an_account_of_its_own() -> None:
    processes = {item["name"] for item in read(ANSIBLE / "roles/payops/vars/main.yml")["_payops_environments"]}
    accounts = {user["name"] for user in read(ANSIBLE / "roles/mariadb/vars/main.yml")["mariadb_users"]}
    assert processes == accounts - {"exporter", "backup"}


def test_nobody_is_granted_to_change_a_posting() -> None:
    variables = read(ANSIBLE / "roles/mariadb/vars/main.yml")
    rights = {
        name: tables["ledger_entry"]
        for name, tables in variables["mariadb_tables_of"].items()
        if "ledger_entry" in tables
    }
    assert rights == dict.fromkeys(("api", "ledger", "housekeeping", "operator"), "INSERT")


@pytest.mark.parametrize(
    ("defaults", "specs"),
    [
        ({"a_x": 1}, {}),
        ({"a_x": 1}, {"a_x": {"default": 2}}),
        ({}, {"a_x": {"default": 2}}),
        ({}, {"a_x": {}}),
        ({"a_x": 1}, {"a_x": {"required": True}}),
    ],
)
def test_planted_differences_are_found(defaults: dict[str, Any], specs: dict[str, dict[str, Any]]) -> None:
    assert differing_defaults(defaults, specs)
    assert not differing_defaults({"a_x": 1}, {"a_x": {"default": 1}, "a_y": {"required": True}})


def test_planted_tags_are_found() -> None:
    node = {"role": "exporter", "vars": {"exporter_name": "node"}}
    assert wrong_tags([{"role": "base", "tags": ["base"]}, node | {"tags": ["exporter", "node_exporter"]}]) == []
    assert len(wrong_tags([{"role": "base", "tags": ["all"]}, {"role": "k6"}, node | {"tags": ["node_exporter"]}])) == 3


def test_planted_names_and_secrets_are_found(tmp_path: Path) -> None:
    assert wrong_names("base", {"base_a", "other", "_base_b"}) == ["other"]
    assert secrets_with_a_default({"a_password": {"default": "admin"}, "b_token": {"required": True}}) == ["a_password"]
    path = tmp_path / "main.yml"
    path.write_text("- name: A\n  block:\n    - apt: {name: x}\n", encoding="utf-8")
    assert len(unnamed_or_short(path)) == 2
