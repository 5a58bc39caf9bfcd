"""The database is lost and restored from backup and binary log with every row; ids are never reused."""

import re
from pathlib import Path

import pytest

from tests.vm.machines import ROOT, Machines
from tests.vm.platform import Front, all_posted, audited
from tests.vm.stream import Stream

MONEY = ("payment", "ledger_entry", "outbox_event", "inbox_event", "idem_response_cache", "dead_letter")
"""Tables whose rows must be restored; the others have the processes' own state."""

pytestmark = pytest.mark.timeout(400)


def books(machines: Machines) -> dict[str, str]:
    """A digest of each table's rows. CHECKSUM TABLE differs where a generated column is, for the same rows."""
    dump = "mariadb-dump --no-create-info --compact --hex-blob --order-by-primary --skip-extended-insert paydb"
    script = f"set -eu; for table in {' '.join(MONEY)}; do echo $table $({dump} $table | sha256sum); done"
    digests = machines.on("database", "sh", "-c", script).well()
    return dict(line.split(" ", 1) for line in digests.splitlines())


def pay(front: Front, count: int) -> Stream:
    stream = Stream(front, 1)
    client = stream.client()
    for number in range(count):
        assert stream.pay(client, f"{stream.run_id}-{number}")
    return stream


def backed_up(machines: Machines) -> Path:
    said = machines.playbook("backup.yml").well()
    found = re.search(r"The backup is (\S+\.sql\.gz)", said)
    assert found, said
    return Path(found.group(1))


def test_a_lost_database_comes_back_to_its_last_payment(machines: Machines, front: Front) -> None:
    pay(front, 20)
    machines.sql("DELETE FROM paydb.api_key WHERE merchant_id = 'K6-20'")  # as in an older backup
    backup = backed_up(machines)
    assert backup.is_file()
    assert backup.parent == ROOT / ".state/backups"
    pay(front, 30)  # these are in the binary log alone
    all_posted(machines, front)
    before = books(machines)
    machines.sql("SET sql_log_bin = 0; DROP DATABASE paydb")  # like a lost disk: not in the binary log
    assert front.get("/health").status_code == 503

    said = machines.playbook("restore.yml", restore_file=str(backup)).well()

    assert "end reached" in said
    assert "no differences" in said
    assert books(machines) == before
    assert machines.sql("SELECT COUNT(*) FROM paydb.api_key WHERE merchant_id = 'K6-20'") == "1"
    audited(machines)


def test_the_past_comes_back_and_its_ids_do_not(machines: Machines, front: Front) -> None:
    kept = pay(front, 10)
    all_posted(machines, front)
    backup = backed_up(machines)
    kept_too = pay(front, 5)
    until_when = machines.sql("SELECT UTC_TIMESTAMP() + INTERVAL 1 SECOND")
    machines.sql("DO SLEEP(1.5)")  # the binary log counts in seconds
    undone = pay(front, 10)
    machines.sql("DROP DATABASE paydb")  # by mistake, so in the binary log

    said = machines.playbook("restore.yml", restore_file=str(backup), restore_until=until_when).well()

    assert "end not reached" in said
    for stream in (kept, kept_too):
        for number in stream.paid.values():
            front.payment(number)
    for number in undone.paid.values():
        assert front.get_as_merchant(f"/payments/{number}").status_code == 404
    later = pay(front, 5)
    assert min(later.paid.values()) > max(undone.paid.values())
    all_posted(machines, front)
    audited(machines)


def test_a_restore_without_a_file_touches_nothing(machines: Machines, front: Front) -> None:
    done = machines.playbook("restore.yml")
    assert done.code != 0
    assert "Say which backup" in done.said
    assert front.is_up()


def test_the_backup_is_told_to_prometheus(machines: Machines) -> None:
    address = machines.address("database")
    ours = "/etc/payops-pki"
    shown = ("--cacert", f"{ours}/ca.pem", "--cert", f"{ours}/exporter.pem", "--key", f"{ours}/exporter.key")
    metrics = machines.on("database", "curl", "-fsS", *shown, f"https://{address}:9100/metrics").well()
    found = re.search(r"^payops_backup_last_success_timestamp_seconds (\S+)$", metrics, re.MULTILINE)
    assert found
    assert float(machines.sql("SELECT UNIX_TIMESTAMP()")) - float(found.group(1)) < 3600
