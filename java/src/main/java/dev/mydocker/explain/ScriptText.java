package dev.mydocker.explain;

/** The parts of a launch script that are the same for every container. */
final class ScriptText {
  private ScriptText() {}

  static final String INTRODUCTION =
      """
      #
      # Run it as root: sh SCRIPT. It ends with the command's exit code, and removes what it made.
      # Needs util-linux 2.36 (unshare, nsenter, mount, pivot_root, setpriv, prlimit, setsid),
      # coreutils 8.31, findutils, iproute2, hostname and ldd; perl for a filter of system calls,
      # nftables for networks.
      # Each comment is the reason of the plan's step (mydocker run --dry-run=plan); fd0, fd1 are the
      # plan's descriptors, here as paths.
      set -eu
      PATH=/usr/sbin:/usr/bin:/sbin:/bin
      export PATH
      unset CDPATH ENV
      umask 022
      if [ "$(id -u)" != 0 ]; then
        echo 'this script creates namespaces: run it as root' >&2
        exit 125
      fi
      code=125 # of a failure before the command runs
      own=$(mktemp -d /tmp/mydocker-script.XXXXXX)

      # Whatever is left of the container is killed; a cgroup can be removed when it is empty.
      remove_cgroup() {
        tries=0
        while [ -d "$1" ] && [ "$tries" -lt 50 ]; do
          for pid in $(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null); do
            [ "$pid" = 0 ] || kill -KILL "$pid" 2>/dev/null
          done
          find "$1" -depth -type d -exec rmdir {} ';' 2>/dev/null
          [ ! -d "$1" ] || sleep 0.1
          tries=$((tries + 1))
        done
      }

      # A shell has no monitor that outlives it: the end of this script is the container's.
      monitor=
      stop() { # exit-code
        code=$1
        exit
      }

      """;

  static final String TRAPS =
      """
      trap clean_up EXIT
      trap 'stop 129' HUP
      trap 'stop 130' INT
      trap 'stop 143' TERM
      """;

  static final String TOOLS =
      """

      # ==== the one program that is needed once the host's tree is gone ===========================
      mkdir "$own/tools"
      cp -L -- "$(command -v env)" "$own/tools/env"
      ldd "$own/tools/env" | sed -n 's/^[^/]*\\(\\/[^ ]*\\) (.*/\\1/p' |
        while read -r library; do
          cp -L -- "$library" "$own/tools/"
        done
      loader=$(ldd "$own/tools/env" | sed -n 's/^[[:space:]]*\\(\\/[^ ]*\\) (.*/\\1/p')
      mv -- "$own/tools/${loader##*/}" "$own/tools/loader"
      """;

  static final String FUNCTIONS =
      """
      set -eu
      own=${0%/*}
      trap 'exit 125' EXIT # a step failed

      # perl's arguments: struct sock_filter values in digits, flags, and the program to execute.
      install_filter='
        my ($digits, $flags) = splice(@ARGV, 0, 2);
        my %number = (x86_64 => 317, aarch64 => 277);
        chomp(my $machine = `uname -m`);
        $digits =~ tr/0-9a-f//cd;
        my $filter = pack("H*", $digits);
        my $program = pack("S x![P] P", length($filter) / 8, $filter);
        syscall($number{$machine}, 1, $flags + 0, $program) == 0
          or die "seccomp: $!\\n";
        exec(@ARGV) or die "$ARGV[0]: $!\\n";
      '

      die() { # message exit-code
        trap - EXIT
        printf '%s\\n' "$1" >&2
        exit "$2"
      }

      # Where a path leads inside the root $1, in $at: a link to / means that root, not the host's.
      # mydocker has the kernel do this in one call, openat2(2) with RESOLVE_IN_ROOT, and then uses
      # the descriptor; a path can change between two steps, a descriptor cannot.
      inside() {
        at=$1 left=$2 links=0
        while [ -n "$left" ]; do
          name=${left%%/*}
          case $left in
            */*) left=${left#*/} ;;
            *) left= ;;
          esac
          case $name in
            '' | .) ;;
            ..) [ "$at" = "$1" ] || at=${at%/*} ;;
            *)
              if [ -h "$at/$name" ]; then
                links=$((links + 1))
                [ "$links" -le 40 ] || die "$2: too many levels of symbolic links" 125
                target=$(readlink -n -- "$at/$name" && echo .)
                target=${target%.}
                case $target in
                  /*) at=$1 ;;
                esac
                left=$target/$left
              else
                at=$at/$name
              fi
              ;;
          esac
        done
      }

      existing() { # root path
        inside "$1" "$2"
        [ -e "$at" ] || die "$2 is not in the container" 125
      }

      plain() { # root path: a link in its place would make later steps hit something else
        inside "$1" "$2"
        [ "$links" = 0 ] || die "$2 leads through a symbolic link" 125
      }

      directory() { # root path mode: made if it is missing
        inside "$1" "$2"
        [ -e "$at" ] || mkdir -p -m "$3" -- "$at"
      }

      file() { # root path mode: made if it is missing
        inside "$1" "$2"
        if [ ! -e "$at" ]; then
          mkdir -p -- "${at%/*}"
          : > "$at"
          chmod "$3" -- "$at"
        fi
      }

      parent() { # root path: the last name is not followed
        inside "$1" "${2%/*}"
        at=$at/${2##*/}
      }

      node() { # root path mode owner type major minor
        parent "$1" "$2"
        mode=$3 owner=$4
        shift 4
        mknod -m "$mode" -- "$at" "$@"
        chown -h "$owner" -- "$at"
      }

      link() { # root target path
        parent "$1" "$3"
        [ -e "$at" ] || [ -h "$at" ] || ln -s -- "$2" "$at"
      }

      change_all() { # mount options: of it and of every mount below it
        while read -r id parent device top place rest; do
          case $place in
            *\\\\*) # a blank is \\040
              place=$(printf "$(printf %s "$place" | sed 's/%/%%/g').")
              place=${place%.}
              ;;
          esac
          case $place in
            "$1" | "$1"/*) mount -o "remount,bind,$2" -- "$place" ;;
          esac
        done < /proc/self/mountinfo
      }

      # hostname(1) refuses names that the kernel takes, and the file is closed to a user namespace.
      name() { # hostname|domainname value
        printf %s "$2" 2>/dev/null > "/proc/sys/kernel/$1" || "$1" -- "$2"
      }

      mask() { # root path: hidden, if it is there
        inside "$1" "$2"
        [ -e "$at" ] || return 0
        [ "$links" = 0 ] || die "$2 leads through a symbolic link" 125
        if [ -d "$at" ]; then
          mount -t tmpfs -o size=4k -- none "$at"
          mount -o remount,bind,ro -- "$at"
        else
          mount --bind -- "$1/dev/null" "$at"
        fi
      }

      read_only() { # root path: bound onto itself, if it is there
        inside "$1" "$2"
        [ -e "$at" ] || return 0
        [ "$links" = 0 ] || die "$2 leads through a symbolic link" 125
        mount --rbind -- "$at" "$at"
        change_all "$at" ro
      }
      """;

  /** The beginning of I's first part. */
  static final String TELL =
      """
      # The script outside is told which process this is, and later that it may pivot.
      read -r pid rest < /proc/self/stat
      echo "$pid" > "$own/pid"
      exec 8> "$own/ready" 9<> "$own/go"
      """;

  /** What the script outside does while I waits to be pivoted, and afterwards. */
  static final String PIVOT =
      """

      # ==== the image becomes /, and the host's tree is gone ======================================
      until [ -s "$own/ready" ] || ! kill -0 "$monitor" 2>/dev/null; do sleep 0.01; done
      if [ -s "$own/ready" ]; then
        # With the same path twice the old root ends up on top of the new one, pivot_root(2).
        nsenter --mount="/proc/$pid/ns/mnt" -- pivot_root "$root" "$root"
        nsenter --mount="/proc/$pid/ns/mnt" -- umount -l /
        echo pivoted > "$own/go"
      fi
      code=0
      wait "$monitor" || code=$?
      monitor=
      """;
}
