#!/bin/sh
# Runs a command and fails when the host is not as it was before: mounts, cgroups, network links,
# nft tables, processes and temporary files of mydocker.
set -eu

PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/host-check.XXXXXX")
trap 'rm -rf "$work"' EXIT

snapshot() {
  echo "# mounts"
  # Without the mount's and its parent's number, which a remount of somebody else changes.
  cut -d' ' -f3- /proc/self/mountinfo | sort
  echo "# cgroups"
  find /sys/fs/cgroup -type d -path '*mydocker*' | sort
  echo "# links"
  if command -v ip >/dev/null; then ip -o link | sed 's/^[0-9]*: //; s/ state .*//' | sort; fi
  echo "# nft tables"
  if command -v nft >/dev/null; then nft list tables | sort; fi
  echo "# processes"
  for process in /proc/[0-9]*; do
    # A zombie is gone but for its parent's look at it.
    if status=$(grep -E '^(Name|State):' "$process/status" 2>/dev/null); then
      case $status in
        *"State:	Z"*) ;;
        "Name:	mydocker"*) echo "${process#/proc/} ${status%%"
"*}" ;;
      esac
    fi
  done | sort
  echo "# temporary files"
  find "${TMPDIR:-/tmp}" /run /dev/shm -maxdepth 1 -name '*mydocker*' | sort
}

# The first container in a network switches these on, for good, as Docker does.
forwarding() {
  for parameter in ipv4/ip_forward ipv6/conf/all/forwarding; do
    if [ -e "/proc/sys/net/$parameter" ]; then echo "$parameter $(cat "/proc/sys/net/$parameter")"; fi
  done
}

snapshot >"$work/before"
forwarding >"$work/forwarding"
status=0
"$@" || status=$?
while read -r parameter was; do
  [ "$(cat "/proc/sys/net/$parameter")" = "$was" ] || echo "$was" >"/proc/sys/net/$parameter"
done <"$work/forwarding"
snapshot >"$work/after"
if ! diff -U0 "$work/before" "$work/after" >"$work/diff"; then
  echo "the host is not as it was before $*:" >&2
  grep -v '^---\|^+++\|^@@' "$work/diff" >&2
  exit 1
fi
echo "host-check: mounts, cgroups, links, tables, processes and temporary files are as before"
exit "$status"
