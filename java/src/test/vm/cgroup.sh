#!/bin/sh
# The cgroup contract in a machine of run.sh, whose only hierarchy is v2 (with VM_CGROUP=1: v1 alone).
# Arguments: what JUnit's console launcher selects instead.
set -eu
cd "$(dirname "$0")/../../../.."

junit=$(sed -n 's:.*<junit.version>\(.*\)</junit.version>.*:\1:p' pom.xml)
assertj=$(sed -n 's:.*<assertj.version>\(.*\)</assertj.version>.*:\1:p' pom.xml)
tools=$PWD/build/tools
console=$tools/junit-platform-console-standalone-$junit.jar
assertions=$tools/assertj-core-$assertj.jar
copy() {
  [ -e "$1" ] || mvn -q -B -ntp dependency:copy -DoutputDirectory="$tools" -Dartifact="$2"
}
copy "$console" "org.junit.platform:junit-platform-console-standalone:$junit:jar"
copy "$assertions" "org.assertj:assertj-core:$assertj:jar"
mvn -q -B -ntp test-compile

jre=$PWD/build/vm/jre
if [ ! -e "$jre" ]; then
  mkdir -p build/vm
  jlink --add-modules java.base,java.logging,java.management,java.net.http,java.xml,jdk.unsupported \
    --strip-debug --no-man-pages --no-header-files --output "$jre"
fi

[ $# -gt 0 ] || set -- --select-class="dev.mydocker.cgroup.CgroupV${VM_CGROUP:-2}IT"
classes=$PWD/target/classes
tests=$PWD/target/test-classes
# The machine is emulated: the second compiler would cost more than it gains.
exec java/src/test/vm/run.sh -f "$jre" -f "$classes" -f "$tests" -f "$console" -f "$assertions" \
  "$jre/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -jar "$console" execute \
  --class-path="$classes:$tests:$assertions" --disable-banner --disable-ansi-colors \
  --details=tree "$@"
