"""Hosts: the machines, by node_exporter; and the backup, whose time is in node_exporter's text file."""

from typing import Final

from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, UP, Kind, Panel, Query, above, below

WINDOW: Final = "[$__rate_interval]"
CHOSEN: Final = 'node=~"$node"'
DISKS: Final = f'{{{CHOSEN}, mountpoint!~"/(run|boot).*"}}'
PLUGGED: Final = f'{{{CHOSEN}, device!="lo"}}'

NOW: Final = Row(
    "Now",
    (
        Panel(
            "Machines",
            "Does node_exporter answer? When it does not, what else runs there is down too, or cannot be reached.",
            "none",
            (Query(f'up{{job="node", {CHOSEN}}}', "{{node}}"),),
            UP,
            Kind.NUMBER,
            width=12,
            height=5,
            names=((0, "down", RED), (1, "up", GREEN)),
        ),
        Panel(
            "Age of the last backup",
            "Since backup.yml last ended well. One a day is meant; after "
            f"{limit('BackupTooOld') / 3600:g} hours there is a ticket.",
            "s",
            (Query("time() - max by (node) (payops_backup_last_success_timestamp_seconds)", "{{node}}"),),
            above(yellow=86400, red=limit("BackupTooOld")),
            Kind.NUMBER,
            width=12,
            height=5,
        ),
    ),
)

LOAD: Final = Row(
    "CPU and memory",
    (
        Panel(
            "CPU in use",
            "Share of all cores that is not idle.",
            "percentunit",
            (Query(f'1 - avg by (node) (rate(node_cpu_seconds_total{{{CHOSEN}, mode="idle"}}{WINDOW}))', "{{node}}"),),
            above(yellow=0.75, red=0.9),
            maximum=1,
        ),
        Panel(
            "Load by core",
            "Processes that run or wait for CPU or disk, of the last minute, for each core.",
            "short",
            (
                Query(
                    f"max by (node) (node_load1{{{CHOSEN}}}) / "
                    f'count by (node) (node_cpu_seconds_total{{{CHOSEN}, mode="idle"}})',
                    "{{node}}",
                ),
            ),
            above(yellow=1, red=2),
        ),
        Panel(
            "Memory left",
            "Share of the memory that can be had without swapping.",
            "percentunit",
            (
                Query(
                    f"max by (node) (node_memory_MemAvailable_bytes{{{CHOSEN}}} / "
                    f"node_memory_MemTotal_bytes{{{CHOSEN}}})",
                    "{{node}}",
                ),
            ),
            below(red=limit("MemoryLow"), yellow=0.2),
            maximum=1,
            alert="MemoryLow",
        ),
        Panel(
            "Killed for lack of memory",
            "Processes that the kernel has killed in the last five minutes.",
            "short",
            (Query(f"max by (node) (increase(node_vmstat_oom_kill{{{CHOSEN}}}[5m]))", "{{node}}"),),
            above(red=first_count("ProcessKilledForMemory")),
            alert="ProcessKilledForMemory",
        ),
        Panel(
            "Offset of the clock",
            "From the time servers, in either direction. Logs of several machines no longer line up when it is large.",
            "s",
            (Query(f"max by (node) (abs(node_timex_offset_seconds{{{CHOSEN}}}))", "{{node}}"),),
            above(yellow=0.05, red=limit("ClockOff")),
            alert="ClockOff",
        ),
        Panel(
            "Text files that cannot be exported",
            "1 while node_exporter cannot read one, for example the backup's.",
            "short",
            (Query(f"max by (node) (node_textfile_scrape_error{{{CHOSEN}}})", "{{node}}"),),
            above(red=limit("TextfileBroken")),
            alert="TextfileBroken",
        ),
    ),
)

DISK: Final = Row(
    "Disk and network",
    (
        Panel(
            "Disk left",
            "Free share of each file system. MariaDB and Kafka stop when they cannot write.",
            "percentunit",
            (
                Query(
                    f"min by (node, mountpoint) (node_filesystem_avail_bytes{DISKS} / "
                    f"node_filesystem_size_bytes{DISKS})",
                    "{{node}} {{mountpoint}}",
                ),
            ),
            below(red=limit("DiskAlmostFull"), yellow=0.2),
            width=12,
            maximum=1,
            alert="DiskAlmostFull",
        ),
        Panel(
            "Disk busy",
            "Share of the time in which each disk had something to do.",
            "percentunit",
            (
                Query(
                    f"max by (node, device) (rate(node_disk_io_time_seconds_total{{{CHOSEN}}}{WINDOW}))",
                    "{{node}} {{device}}",
                ),
            ),
            above(yellow=0.7, red=0.9),
            width=12,
            maximum=1,
        ),
        Panel(
            "Received",
            "Bytes a second from the network, without the loopback.",
            "Bps",
            (Query(f"sum by (node) (rate(node_network_receive_bytes_total{PLUGGED}{WINDOW}))", "{{node}}"),),
            NO_LIMIT,
            width=12,
        ),
        Panel(
            "Sent",
            "Bytes a second to the network, without the loopback.",
            "Bps",
            (Query(f"sum by (node) (rate(node_network_transmit_bytes_total{PLUGGED}{WINDOW}))", "{{node}}"),),
            NO_LIMIT,
            width=12,
        ),
    ),
)

BOARD: Final = Board(
    "payops-hosts",
    "Hosts",
    "Each machine: processor, memory, disk, network, clock, backup.",
    (NOW, LOAD, DISK),
    node=True,
    since="now-6h",
)
