"""The configuration files of the embedded PostgreSQL: ours alone, rewritten at every start."""

import os
from pathlib import Path

MIB = 1024 * 1024
HBA = """\
# Written by the engine at every start.
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
"""


def shared_buffers_mib(memory_bytes: int) -> int:
    """Return an eighth of the memory, at least 256 and at most 1024 MiB."""
    return max(256, min(1024, memory_bytes // 8 // MIB))


def memory_bytes() -> int:
    """Return the memory this process may use: the machine's, or the container's when less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    return total if text == "max" else min(total, int(text))


def postgresql_conf(*, port: int, socket_dir: Path, fsync: bool) -> str:
    """Return the text of postgresql.conf."""
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "port": port,
        "unix_socket_directories": f"'{socket_dir}'",
        "unix_socket_permissions": "0700",
        "max_connections": 200,
        "password_encryption": "scram-sha-256",
        "shared_buffers": f"{shared_buffers_mib(memory_bytes())}MB",
        "maintenance_work_mem": "128MB",
        "work_mem": "16MB",
        "max_wal_size": "2GB",
        "min_wal_size": "160MB",
        "checkpoint_timeout": "15min",
        "synchronous_commit": "on",
        "fsync": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
        # Thousands of small statements: compiling one costs more than running it.
        "jit": "off",
        # A hung client must not hold back vacuum, nor the relay that waits for older commits.
        "idle_in_transaction_session_timeout": "5min",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "'[%p] '",
        "log_checkpoints": "off",
        "log_parameter_max_length_on_error": 0,
        "cluster_name": "'engine'",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(["# Written by the engine at every start.", *lines, ""])
