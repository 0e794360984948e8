#!/bin/sh
# mydocker - starts the jar with an archive of its loaded classes, which shortens the start.
#
# An archive belongs to one JDK and one jar. It is made at the first run with them, in a directory
# that only this user can write, and the JVM itself checks that it fits. MYDOCKER_ARCHIVE=off does
# without.
#
# On the usual way through it, this script starts one program, stat: each costs a millisecond.
set -eu

jar=@LIB@/mydocker.jar
main=dev.mydocker.cli.Main
# With the libraries beside it the jar itself need not be opened, which is a tenth of a start.
natives=-Dmydocker.native=@LIB@/native
# For a short-lived program: the smallest collector, fewer methods compiled, nothing that others can
# attach to, no core with what it knows, and not a word of the JVM in what a container prints.
options='-XX:+UseSerialGC -XX:CompileThresholdScaling=5 -XX:-UsePerfData -XX:+DisableAttachMechanism'
options="$options -XX:-CreateCoredumpOnCrash -Xlog:disable"
# What the jar says of itself, which counts with -jar only.
options="$options --enable-native-access=ALL-UNNAMED"
# The second compiler costs more than it gives, except for what is called without end: hashing, say.
options="$options -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=20000"
options="$options -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"

if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; else java=$(command -v java) || java=; fi
if [ ! -x "$java" ]; then
  echo "mydocker: there is no java in JAVA_HOME or PATH: install Java 17 or later" >&2
  exit 125
fi

# Whoever is not root goes into a user namespace first: a JVM is not let into one. / is root's.
enter=
if [ ! -O / ]; then enter='@LIB@/native/mydocker-monitor enter'; fi

# Where only root can write is root's state.
if [ -n "${MYDOCKER_ROOT:-}" ]; then
  archives=$MYDOCKER_ROOT/jvm
elif [ -w /var/lib ]; then
  archives=/var/lib/mydocker/jvm
else
  archives=${XDG_DATA_HOME:-${HOME:-}/.local/share}/mydocker/jvm
fi
# What a crash of the JVM leaves is private, too.
errors=-XX:ErrorFile=$archives/hs_err_pid%p.log

# shellcheck disable=SC2086 # options are words
if [ "${MYDOCKER_ARCHIVE:-on}" = off ]; then exec $enter "$java" $options "$errors" "$natives" -cp "$jar" $main "$@"; fi

# Inode and time tell one JDK and one jar from the next.
both=$(stat -L -c %i-%Y "$java" "$jar")
this_java=${both%%[!0-9-]*}
this_jar=${both##*[!0-9-]}
archive=$archives/$this_java-of-$this_jar

# A class-data archive is mapped where it was made for: elsewhere each pointer in it is moved, which is
# a fifth of a start. (For an AOT cache this gains nothing.)
in_place='-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0'

# shellcheck disable=SC2086
run() {
  if [ -O "$archive.jsa" ]; then
    exec $enter "$java" "-XX:SharedArchiveFile=$archive.jsa" $in_place $options "$errors" "$natives" -cp "$jar" $main "$@"
  fi
  if [ -O "$archive.aot" ]; then exec $enter "$java" "-XX:AOTCache=$archive.aot" $options "$errors" "$natives" -cp "$jar" $main "$@"; fi
}
run "$@"

make_archive() {
  JAVA_VERSION=0
  release=$(dirname "$(readlink -f "$java")")/../release
  # shellcheck disable=SC1090 # assignments only
  if [ -r "$release" ]; then . "$release"; fi
  # From 25 on an AOT cache, which holds linked classes as well.
  if [ "${JAVA_VERSION%%[!0-9]*}" -ge 25 ]; then
    kind=aot flag=-XX:AOTCacheOutput=
  else
    kind=jsa flag=-XX:ArchiveClassesAtExit=
  fi
  (umask 077 && mkdir -p "$archives") || return
  scratch=$(mktemp -d "$archives/.new.XXXXXX") || return
  trap 'rm -rf "$scratch"; exit 130' HUP INT TERM
  # What commands load is found out by running them over a state that is then removed. Where that is
  # not possible the archive has less in it, or there is none: the start is only slower.
  # Those that change networks run in a network namespace that nobody else has.
  apart=
  # shellcheck disable=SC2086
  if $enter unshare --net true 2>/dev/null; then apart='unshare --net'; fi
  # shellcheck disable=SC2086
  MYDOCKER_ROOT=$scratch/root MYDOCKER_RUN_ROOT=$scratch/run $enter $apart "$java" "$flag$scratch/archive" $options \
    "$natives" -cp "$jar" dev.mydocker.cli.Training ${apart:+apart} </dev/null >/dev/null 2>&1 || :
  if [ -e "$scratch/archive" ]; then
    find "$archives" -maxdepth 1 -type f ! -name "*-of-$this_jar.*" -delete
    # The JVM checks an archive's head only: half of one after a power cut would crash it.
    sync "$scratch/archive"
    mv "$scratch/archive" "$archive.$kind"
  fi
  rm -rf "$scratch"
  trap - HUP INT TERM
}
make_archive || :
run "$@"

# shellcheck disable=SC2086
exec $enter "$java" $options "$errors" "$natives" -cp "$jar" $main "$@"
