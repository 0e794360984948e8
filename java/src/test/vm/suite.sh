#!/bin/sh
# Runs integration tests in a machine of run.sh: another kernel, and cgroup v2 alone (with VM_CGROUP=1
# v1 alone). Its arguments are test classes, or CLASS#METHOD, "short" for a few that take a minute or
# three, "all" for all that need neither another program nor another JVM; without any, those that tell
# most about cgroups and namespaces.
#
# Everything is emulated, some twenty times slower than the host: containers are started by one JVM, and
# what races decide is tried a few times.
set -eu
cd "$(dirname "$0")/../../../.."

# What the tests need beside JUnit, whose own program brings all of it in one jar.
libraries=$PWD/build/vm/libraries
junit=$(sed -n 's:.*<junit.version>\(.*\)</junit.version>.*:\1:p' pom.xml)
console=$PWD/build/vm/junit-platform-console-standalone-$junit.jar
if [ ! -e "$console" ]; then
  mvn -q -B -ntp dependency:copy-dependencies -DincludeScope=test \
    -DincludeGroupIds=org.assertj,net.bytebuddy,org.apache.commons,commons-io,commons-codec -DoutputDirectory="$libraries"
  mvn -q -B -ntp dependency:copy -DoutputDirectory=build/vm \
    -Dartifact="org.junit.platform:junit-platform-console-standalone:$junit:jar"
fi
mvn -q -B -ntp test-compile

jre=$PWD/build/vm/jre
if [ ! -e "$jre" ]; then
  mkdir -p build/vm
  jlink --add-modules java.base,java.logging,java.management,java.net.http,java.xml,jdk.httpserver,jdk.unsupported \
    --strip-debug --no-man-pages --no-header-files --output "$jre"
fi

cgroup=dev.mydocker.cgroup.CgroupV${VM_CGROUP:-2}IT
case $* in
  '') set -- "$cgroup" dev.mydocker.cgroup.RootlessLimitsIT dev.mydocker.engine.LimitsIT dev.mydocker.engine.NamespacesIT dev.mydocker.engine.ExecIT ;;
  short) set -- dev.mydocker.engine.UnifiedIT "dev.mydocker.cgroup.RootlessLimitsIT#limitsOfOneRunHoldAndAreSeen" ;;
  all)
    set -- "$cgroup" dev.mydocker.cgroup.RootlessLimitsIT dev.mydocker.cgroup.DeviceFilterIT dev.mydocker.launch.MonitorIT
    for name in ContainerLayer Exec Filesystem HealthProbe HostileImage Kill Limits Namespaces Overlay \
      ProcView Process Seccomp Stress Unified; do
      set -- "$@" "dev.mydocker.engine.${name}IT"
    done
    ;;
esac
selected=
for class in "$@"; do
  case $class in
    *'#'*) selected="$selected --select-method=$class" ;;
    *) selected="$selected --select-class=$class" ;;
  esac
done

tests=$PWD/target/test-classes
put="-f /usr/bin/setpriv -f $(command -v nft) -f $jre -f $PWD/mydocker.jar -f $tests -f $PWD/build/native -f $PWD/build/probe -f $PWD/java/src/main/resources -f $PWD/docs -f $PWD/images/out -f $libraries -f $console"
# The second compiler would cost more than it gains. All is on the JVM's own class path, as helpers (of
# health checks, of restarts) are started with that.
path=$console:$PWD/mydocker.jar:$tests:$(echo "$libraries"/*.jar | tr ' ' :)
# shellcheck disable=SC2086 # words
VM_MEMORY=${VM_MEMORY:-3000} exec java/src/test/vm/run.sh $put sh -c "cd $PWD && \
  exec $jre/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dmydocker.race.tries=8 -cp $path \
  org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=testfeed $selected"
