"""`flask emulator`: a look-alike of Resend on this machine, to send to without anybody getting anything."""

from __future__ import annotations

from pathlib import Path

import click

HOW = """A look-alike of Resend stands at {url}. To send to it:

  MAIL_PROVIDER=resend RESEND_API_KEY=re_anything RESEND_API_URL={url} bin/dev

What it took: {url}/_ledger
"""


@click.command("emulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="0: any that is free.")
@click.option("--rate", type=click.IntRange(0), default=10, show_default=True, help="Calls a second; 0: no limit.")
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), help="A file that outlives it.")
@click.option("--webhook-url", default="", help="Where it says what became of a mail, like …/webhooks/resend.")
@click.option("--webhook-secret", default="", help="What it signs that with: whsec_….")
def emulator(port: int, rate: int, ledger: Path | None, webhook_url: str, webhook_secret: str) -> None:
    """A look-alike of Resend: takes mails, keeps them to itself, fails on demand."""
    from app.emulator.desk import Settings
    from app.emulator.server import Emulator

    settings = Settings(rate=rate, webhook_url=webhook_url)
    settings.webhook_secret = webhook_secret or settings.webhook_secret
    try:
        running = Emulator(ledger or ":memory:", port, settings)
    except OSError:
        raise click.ClickException(f"Port {port} is busy: choose another with --port.") from None
    click.echo(HOW.format(url=running.url))
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")
