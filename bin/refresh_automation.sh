#!/usr/bin/env bash
# Makes the entries of the system's cron match the active automations: sets them up, updates and removes them.
# Whoever uses it runs it after each change, or by a line of its own. The scheduler goes on beside it: each planned
# time makes one run, whoever comes first. cron knows one clock, the machine's: an automation whose zone always shows
# the same time is written as it is; for every other the line rings whenever it could be due, and the command decides.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
begin="# campus automations begin"
end="# campus automations end"

command -v crontab >/dev/null || { echo "There is no crontab on this machine." >&2; exit 1; }
wanted=$("$root/bin/flask" automations crontab)
"$root/bin/flask" automations refresh >&2
# What is not between our two lines stays as it is.
others=$(crontab -l 2>/dev/null | sed "/^$begin\$/,/^$end\$/d" || true)
{
  [ -z "$others" ] || printf '%s\n' "$others"
  case "$wanted" in *"automations run"*) printf '%s\nSHELL=/bin/sh\n%s\n%s\n' "$begin" "$wanted" "$end" ;; esac
} | crontab -
echo "$(printf '%s\n' "$wanted" | grep -c 'automations run' || true) entries" >&2
