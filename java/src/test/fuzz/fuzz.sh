#!/bin/sh
# Fuzzes what parses images: fuzz.sh SECONDS, in which all targets share, or fuzz.sh FILE for one input
# that was found. Layers are unpacked on a tmpfs that nobody else sees, and that goes with the processes;
# elsewhere but in build/fuzz the disk is read-only, and an attempt to write there is a finding.
set -eu
cd "$(dirname "$0")/../../../.."
if [ "$1" != inside ]; then
  exec unshare --mount --propagation private "$0" inside "$@"
fi
shift

case $PWD/ in
  /tmp/*)
    echo "fuzz: this tree is below /tmp, which is empty while fuzzing (a JVM attaches to itself there):" \
      "move it" >&2
    exit 1
    ;;
esac
fuzz=$PWD/build/fuzz
mkdir -p "$fuzz/findings"
mount --bind "$fuzz" "$fuzz"
mount -t tmpfs -o size=256m,nr_inodes=100k,mode=1777 mydocker-fuzz /tmp
for mounted in / "$(findmnt -no TARGET --target "$PWD")"; do
  mount -o remount,bind,ro "$mounted"
done

run_java() {
  MYDOCKER_ROOT=/tmp/engine java -Xmx256m -XX:-UsePerfData \
    -cp "target/test-classes:target/classes:build/resources:$(cat "$fuzz/classpath")" "$@"
}

# jazzer TARGET ARGUMENT...: what it says goes to a log.
jazzer() {
  class=dev.mydocker.image.${1}Fuzz
  log=$fuzz/$1.log
  prefix=$fuzz/findings/$1-
  shift
  run_java com.code_intelligence.jazzer.Jazzer "--target_class=$class" --mutator_framework=false \
    '--instrumentation_includes=dev.mydocker.**:com.google.gson.stream.**' \
    --reproducer_path=/tmp "-artifact_prefix=$prefix" -timeout=10 -max_len=16384 "$@" >"$log" 2>&1
}

if [ -f "$1" ]; then
  target=$(basename "$1" | sed 's/-.*//')
  if jazzer "$target" "$1"; then
    echo "fuzz: $1: nothing found"
    exit 0
  fi
  cat "$fuzz/$target.log"
  exit 1
fi

run_java dev.mydocker.image.FuzzSeeds /tmp/seeds
status=0
for share in Reference:10 Manifest:20 Configuration:20 Layer:50; do
  target=${share%:*}
  seconds=$(($1 * ${share#*:} / 100))
  mkdir -p "$fuzz/corpus/$target"
  if jazzer "$target" "-max_total_time=$seconds" -use_value_profile=1 -print_final_stats=1 \
    "$fuzz/corpus/$target" "/tmp/seeds/$target"; then
    inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $target: $inputs inputs in $seconds s, nothing found"
  else
    status=1
    sed -n '/^== Java Exception\|^==[0-9]*== *ERROR\|^Exception in/,/^== *libFuzzer/p' "$log"
    echo "fuzz: $target: found" \
      "$(sed -n "s|.*Test unit written to $PWD/||p" "$log"): make fuzz FUZZ_INPUT=FILE runs it again"
  fi
done
exit $status
