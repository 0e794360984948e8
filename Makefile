.PHONY: all native
all: native
	mvn -q -B -DskipTests package
native:
	cmake -S . -B build/native >/dev/null && cmake --build build/native
