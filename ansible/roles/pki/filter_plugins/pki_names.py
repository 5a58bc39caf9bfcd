"""Filter of role pki for the names of a certificate."""  # noqa: INP001  (Ansible loads it by its path)

from collections.abc import Callable
from ipaddress import ip_address


def alternative_names(names: list[str]) -> list[str]:
    """Each name with its kind, as certificates and the modules write it: an IPv6 address in its short form."""
    return [_with_kind(str(name)) for name in names]


def _with_kind(name: str) -> str:
    try:
        address = ip_address(name)
    except ValueError:
        return f"DNS:{name}"
    return f"DNS:{name}" if "%" in name else f"IP:{address}"  # certificates know no zones


class FilterModule:
    """Where Ansible finds it."""

    def filters(self) -> dict[str, Callable[[list[str]], list[str]]]:
        """By their names in templates."""
        return {"pki_alternative_names": alternative_names}
