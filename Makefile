# make            ./mydocker.jar: the native parts (CMake), the built-in image, the jar (Maven)
# make run        everything from nothing to the first two containers
# make test       unit tests, and as root the integration tests
# make fuzz       ten minutes of fuzzing what parses images (FUZZ_SECONDS=600), as root
# make kill-matrix  kills the commands at every system call, as root; writes docs/kill-matrix.md
# The rest: deps images test-native test-v2 test-v2-short format lint bench install clean

PREFIX ?= /usr/local
DESTDIR ?=
MVN := mvn -B -ntp
FUZZ_SECONDS ?= 600
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
CMAKE_OPTIONS := -DCMAKE_BUILD_TYPE=Release

NATIVE_SOURCES := CMakeLists.txt $(wildcard native/*.c native/*.h native/*.def) images/hello/hello.c $(wildcard java/src/test/native/*.c)
JAVA_SOURCES := pom.xml $(shell find java/src/main -type f)
NATIVE := build/native/.done
HELLO := build/resources/images/hello.oci.tar
BUSYBOX := images/out/busybox.oci.tar

.PHONY: all native images deps deps-test run test unit integration library test-native test-v2 test-v2-short fuzz kill-matrix \
  format lint bench install clean

all: mydocker.jar

native: $(NATIVE)

$(NATIVE): $(NATIVE_SOURCES)
	cmake -S . -B build/native $(CMAKE_OPTIONS) >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }
	cmake --build build/native
	touch $@

$(NATIVE): | build
build:
	mkdir -p $@

$(HELLO): $(NATIVE) images/build.sh
	images/build.sh hello
	mkdir -p $(@D)
	cp images/out/hello.oci.tar $@

mydocker.jar: $(JAVA_SOURCES) $(NATIVE) $(HELLO)
	$(MVN) -q -Dmaven.test.skip=true package
	touch $@

$(BUSYBOX): images/build.sh
	images/build.sh busybox

images: $(NATIVE)
	images/build.sh all

deps:
	.ci/deps build

deps-test:
	.ci/deps build test

# The captions and what is shown inside stand in images/tour.sh.
run:
	.ci/deps build run
	$(MAKE) --no-print-directory mydocker.jar $(BUSYBOX)
	$(SUDO) images/tour.sh

test: deps-test
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory integration

unit: $(NATIVE) $(HELLO)
	$(MVN) test

ifeq ($(SUDO),)
integration: mydocker.jar $(BUSYBOX)
	java/src/test/host-check.sh $(MVN) -Pintegration test
	$(MAKE) --no-print-directory library
else
integration:
	@echo "Left out: the $$(find java/src/test -name '*IT.java' | wc -l) classes of integration tests (*IT), which start containers and need root: sudo make test"
endif

# The engine as a library: a JUnit extension, with mydocker.jar alone on the class path.
library: mydocker.jar $(BUSYBOX)
	java/src/test/host-check.sh $(MVN) -f java/src/junit/pom.xml test \
	  -Dmydocker.jar=$(CURDIR)/mydocker.jar -Dmydocker.image=oci-archive:$(CURDIR)/$(BUSYBOX)

# The C alone: the address and undefined behaviour sanitizers, the same with undefined behaviour as a
# trap (then there is room for the shield and the static monitor), valgrind with what it knows, the
# compiler's analyzer, and what may be called after a fork. What a run leaves out it prints, and why.
# Reports go to files, as most processes here have /dev/null as their stderr; and little freed memory is
# kept, as each of some thousand forks would copy its page tables.
test-native: $(NATIVE)
	cmake -S . -B build/sanitized -DSANITIZE=address -DOUTPUT=$(CURDIR)/build/sanitized/out >/dev/null
	cmake --build build/sanitized --parallel 2 --target native-test
	rm -rf build/sanitized/reports && mkdir build/sanitized/reports
	ASAN_OPTIONS=detect_stack_use_after_return=1:quarantine_size_mb=4:log_path=$(CURDIR)/build/sanitized/reports/test \
	  build/sanitized/native-test && rmdir build/sanitized/reports \
	  || { cat build/sanitized/reports/*; exit 1; }
	cmake -S . -B build/trapping -DSANITIZE=trap -DCMAKE_BUILD_TYPE=Debug \
	  -DOUTPUT=$(CURDIR)/build/trapping/out >/dev/null
	cmake --build build/trapping --parallel 2 --target native-test
	build/trapping/native-test
	valgrind --quiet --leak-check=full --error-exitcode=9 --log-file=build/trapping/valgrind.log \
	  build/trapping/native-test --short && ! grep '^==' build/trapping/valgrind.log \
	  || { cat build/trapping/valgrind.log; exit 1; }
	native/test/analyze.sh
	native/test/symbols.sh

# In a virtual machine with Debian's kernel and cgroup v2 alone; all that can run there with SUITE=all.
test-v2: mydocker.jar $(BUSYBOX)
	java/src/test/vm/suite.sh $(SUITE)

# A handful of containers there, in some three minutes: limits, view, devices, exec, an ordinary user's.
test-v2-short: mydocker.jar $(BUSYBOX)
	java/src/test/vm/suite.sh short

# What it finds it keeps, and names; make fuzz FUZZ_INPUT=FILE runs one such file again.
fuzz: $(NATIVE)
	mkdir -p build/fuzz
	$(MVN) -q -Pfuzz test-compile dependency:build-classpath \
	  -Dmdep.outputFile=$(CURDIR)/build/fuzz/classpath
	$(SUDO) java/src/test/fuzz/fuzz.sh $(or $(FUZZ_INPUT),$(FUZZ_SECONDS))

kill-matrix: $(NATIVE) $(BUSYBOX)
	mkdir -p docs
	$(SUDO) env MYDOCKER_KILL_MATRIX=$(CURDIR)/docs/kill-matrix.md \
	  $(MVN) -Pintegration test -Dtest=LifeKillIT,NetworkKillIT -Dmydocker.network.kills=17

format:
	.ci/format

lint: $(NATIVE)
	.ci/lint

bench: mydocker.jar $(BUSYBOX)
	$(MVN) -q test-compile
	java/src/test/bench/bench.sh
	java/src/test/bench/pull.sh
	java/src/test/bench/network.sh

install: mydocker.jar
	install -d $(DESTDIR)$(PREFIX)/lib/mydocker/native $(DESTDIR)$(PREFIX)/bin
	install -m 644 mydocker.jar $(DESTDIR)$(PREFIX)/lib/mydocker/mydocker.jar
	install -m 644 build/resources/native/*/* $(DESTDIR)$(PREFIX)/lib/mydocker/native
	chmod 755 $(DESTDIR)$(PREFIX)/lib/mydocker/native/mydocker-monitor
	sed 's|@LIB@|$(PREFIX)/lib/mydocker|' java/src/main/launcher/mydocker.sh >build/mydocker
	install -m 755 build/mydocker $(DESTDIR)$(PREFIX)/bin/mydocker

clean:
	rm -rf build target images/out mydocker.jar
