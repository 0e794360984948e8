#!/bin/sh
# mydocker - starts the jar with an archive of its loaded classes, which shortens the start.
#
# An archive belongs to one JDK and one jar. It is made at the first run with them, in a directory
# that only this user can write, and the JVM itself checks that it fits. MYDOCKER_ARCHIVE=off does
# without.
set -eu

jar=@LIB@/mydocker.jar
# For a short-lived program: one compiler, the smallest collector, nothing that others can attach to.
options='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -XX:+DisableAttachMechanism'

if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; else java=$(command -v java) || java=; fi
if [ ! -x "$java" ]; then
  echo "mydocker: there is no java in JAVA_HOME or PATH: install Java 17 or later" >&2
  exit 125
fi

# shellcheck disable=SC2086 # options are words
if [ "${MYDOCKER_ARCHIVE:-on}" = off ]; then exec "$java" $options -jar "$jar" "$@"; fi

if [ "$(id -u)" -eq 0 ]; then
  archives=${MYDOCKER_ROOT:-/var/lib/mydocker}/jvm
else
  archives=${MYDOCKER_ROOT:-${XDG_DATA_HOME:-$HOME/.local/share}/mydocker}/jvm
fi
# Inode and time tell one JDK and one jar from the next.
this_jar=$(stat -L -c %i-%Y "$jar")
archive=$archives/$(stat -L -c %i-%Y "$java")-of-$this_jar

# Prints the JVM's flag for using (use) or making (make) the archive: from 25 on an AOT cache, which
# holds linked classes as well.
flag() {
  JAVA_VERSION=0
  release=$(dirname "$(readlink -f "$java")")/../release
  # shellcheck disable=SC1090 # assignments only
  if [ -r "$release" ]; then . "$release"; fi
  if [ "${JAVA_VERSION%%[!0-9]*}" -ge 25 ]; then
    case $1 in use) echo -XX:AOTCache= ;; make) echo -XX:AOTCacheOutput= ;; esac
  else
    case $1 in use) echo -XX:SharedArchiveFile= ;; make) echo -XX:ArchiveClassesAtExit= ;; esac
  fi
}

if [ ! -O "$archive" ]; then
  # What a run loads, without running anything. When it cannot be made, the start is only slower.
  (umask 077 && mkdir -p "$archives")
  new=$(mktemp -u "$archives/.new.XXXXXX")
  # shellcheck disable=SC2086
  if "$java" $options "$(flag make)$new" -jar "$jar" run --dry-run=plan >/dev/null 2>&1 &&
    [ -e "$new" ]; then
    find "$archives" -type f ! -name "*-of-$this_jar" ! -name '.new.*' -delete
    mv "$new" "$archive"
  else
    exec "$java" $options -jar "$jar" "$@"
  fi
fi

# shellcheck disable=SC2086
exec "$java" "$(flag use)$archive" $options -jar "$jar" "$@"
