"""Run the mail catcher alone: `python -m infra.mail_catcher --data-dir DIR` prints its ports."""

import argparse
import json
import sys
from pathlib import Path

from infra.mail_catcher.catcher import MailCatcher, run_mail_catcher


def main() -> None:
    """Parse arguments and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args()
    run_mail_catcher(
        smtp_port=options.smtp_port,
        http_port=options.http_port,
        data_dir=options.data_dir,
        on_ready=_print_ports,
    )


def _print_ports(catcher: MailCatcher) -> None:
    ports = {"smtp_port": catcher.smtp_port, "http_port": catcher.http_port}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
