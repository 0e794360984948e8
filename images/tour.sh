#!/bin/sh
# Two first containers: the built-in image, and busybox with limits that it then reads from inside.
set -eu
cd "$(dirname "$0")/.."

caption() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
mydocker() {
  printf '$ java -jar mydocker.jar'
  for word; do
    case $word in
      *[!A-Za-z0-9:./=_-]*) printf " '...'" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  echo
  java -jar mydocker.jar "$@"
}

caption "The built-in image: one static program that tells what it sees"
mydocker run

caption "busybox: at most 256 MiB of memory, half a processor, 64 processes"
# Each line that follows is printed from inside the container.
mydocker run --rm -m 256m --cpus 0.5 --pids-limit 64 oci-archive:images/out/busybox.oci.tar sh -c '
say() { printf "\n-- %s\n" "$1"; }
limit() { for f in $1; do if [ -e "$f" ]; then printf "%-46s %s\n" "$f" "$(cat "$f")"; fi; done; }
say "its own host name (UTS namespace)";               hostname
say "its own users, capabilities reduced";             id; grep CapEff /proc/self/status
say "its own processes (PID namespace)";               ps -o pid,user,comm
say "its own mounts (mount namespace)";                while read -r what where type rest; do printf "%-10s %s\n" "$type" "$where"; done </proc/mounts
say "its own links (network namespace)";               ip link
say "its limits (cgroup)"
limit "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max"
limit "/sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu.max"
limit "/sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max"
'
