#!/bin/sh
# Fails when code that runs after a fork calls anything that is not on the list symbols.allow:
# signal-safety(7), and no symbol that is bound lazily.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/mydocker-symbols.XXXXXX")
trap 'rm -rf "$work"' EXIT

while read -r file symbols; do
  case $file in '' | '#'*) continue ;; esac
  # As the library is built, but without the compiler's own checks.
  gcc -std=gnu11 -O2 -fPIC -U_FORTIFY_SOURCE -c "$file" -o "$work/object.o"
  # shellcheck disable=SC2086 # a list of words
  printf '%s\n' _GLOBAL_OFFSET_TABLE_ $symbols | sort >"$work/allowed"
  nm --undefined-only --format=just-symbols "$work/object.o" | sort >"$work/called"
  comm -13 "$work/allowed" "$work/called" | sed "s|^|$file: calls, but may not: |"
done <test/symbols.allow >"$work/forbidden"

if [ -s "$work/forbidden" ]; then
  cat "$work/forbidden" >&2
  exit 1
fi
echo "symbols: nothing is called after a fork that may not be"
