#!/bin/sh
# Says in one sentence what this machine lacks, and exits 2; silent where nothing is missing.
fail() {
    echo "hongbao: $1" >&2
    exit 2
}

python=$(command -v python3.11 || command -v python3) || fail "Python 3.11 is missing; install python3.11 with its venv module"
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
[ "$found" = 3.11 ] || fail "Python is ${found:-unusable}; PyFlink 1.20 and this project need 3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "Python has no venv module; install python3.11-venv"

command -v java >/dev/null || fail "Java is missing; install JDK 17 (openjdk-17-jdk-headless)"
found=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
[ "$found" = 17 ] || fail "Java is ${found:-unusable}; Flink 1.20 and Pulsar 4.0 run here on 17: install openjdk-17-jdk-headless and put it first on PATH"
command -v javac >/dev/null || fail "Java 17 has no compiler; install the JDK, openjdk-17-jdk-headless, not only the JRE"
if [ -n "${JAVA_HOME:-}" ]; then
    found=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "$found" = 17 ] || fail "JAVA_HOME is Java ${found:-unusable}, $JAVA_HOME; PyFlink and Maven use it: let it name a JDK 17, or unset it"
fi
command -v mvn >/dev/null || fail "Maven is missing; install maven"

free_mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' "${HONGBAO_MEMINFO:-/proc/meminfo}")
[ "$free_mb" -ge 4096 ] || fail "$free_mb MB of memory are free; broker, Flink and tests need 4096: stop something"
disk_mb=$(df -Pm . | awk 'NR == 2 {print $4}')
[ "$disk_mb" -ge 4096 ] || fail "$disk_mb MB of disk are free here; the environment and its data need 4096: make room"
