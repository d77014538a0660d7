# Everything the project needs is installed into .uv, .venv and target/; Maven's and uv's caches keep the downloads.
UV = .uv/bin/uv
UV_VERSION = 0.13.9
HONGBAO = .venv/bin/hongbao
PYTHON_FOLDERS = errors.py settings schemas ingest jobs coupons campaigns services stack warehouse effect ledger drills cli demo notebooks bench tests examples/python rules prices pressure rehearsal scaling model topics
JVM_SOURCES = $(shell find connector/src stack/src stack/pom.xml connector/pom.xml pom.xml schemas -name '*.java' -o -name 'pom.xml' -o -name '*.avsc' -o -name '*.Factory')

.PHONY: install check test test-flink test-broker test-alone test-jvm demo drill bench clean
.DEFAULT_GOAL = install

# Also where everything was installed once: Java may have gone since.
.PHONY: prerequisites
test: prerequisites
prerequisites:
	@sh stack/prerequisites.sh

install: .venv/.installed connector/target/.built

.uv/bin/uv:
	@sh stack/prerequisites.sh
	python3.11 -m venv .uv 2>/dev/null || python3 -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: .uv/bin/uv pyproject.toml uv.lock
	$(UV) sync --frozen --quiet
	@touch $@

connector/target/.built: $(JVM_SOURCES)
	@sh stack/prerequisites.sh
	mvn --quiet --batch-mode -Dmaven.artifact.threads=16 -DskipTests package
	@touch $@

check: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy $(PYTHON_FOLDERS)

# Side by side: much of a test on the cluster is waiting for one that was killed to come back. What needs neither cluster
# nor broker fills the gaps, and gives way to those whose broker and cluster wait for the cores.
test: install
	$(MAKE) --no-print-directory -j4 --output-sync=target test-flink test-broker test-alone test-jvm

# To read the others' files takes ten seconds, in which the cluster could start.
STACK_TESTS = $$(grep -rl --include='test_*.py' 'mark\.stack' tests)

test-flink:
	.venv/bin/pytest -m flink $(STACK_TESTS)

test-broker:
	.venv/bin/pytest -m "stack and not flink" $(STACK_TESTS)

test-alone:
	nice -n 10 .venv/bin/pytest -m "not stack"

# Both JVMs live for seconds: the optimizing compiler took half of their time.
test-jvm: export MAVEN_OPTS = -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
test-jvm:
	nice -n 10 mvn --batch-mode --quiet -pl connector,stack -Dsurefire.useFile=false -DargLine="$$MAVEN_OPTS" test

# The first time a gigabyte is to be written back; without sync that comes amid the sale.
demo: export HONGBAO_STARTED_S := $(shell date +%s.%N)
demo:
	@sh stack/prerequisites.sh
	@$(MAKE) --no-print-directory -j2 install
	@sync
	@$(HONGBAO) demo

# One JSON object a line; two to four minutes a drill.
drill: install
	@$(HONGBAO) drill --all

# Hours on an idle machine; `hongbao bench drain --events 300000` measures less. The peers are installed for it alone.
bench: install
	$(UV) sync --frozen --quiet --group bench
	@$(HONGBAO) bench --json
	@.venv/bin/python -m bench.report var/bench.json

# The stack first: without its folder nothing would know what to stop.
clean:
	-@[ ! -x $(HONGBAO) ] || $(HONGBAO) down
	rm -rf .venv .uv var hongbao.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf connector/target stack/target examples/java/target
	find . -name __pycache__ -prune -exec rm -rf {} +
