# Everything a newcomer types. `make demo` and `make test` set up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
STAMP := $(VENV)/.closebook-installed

SECONDS ?= 180

# Compiled sources are kept: a demonstration and the tests start many processes from them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test slow faults crashes recovery runbooks nemesis fuzz shuffles bench check sbom audit schemas lock clean

setup: $(STAMP)

# The lock names every file by its hash; nothing else is installed. The stamp makes the second time quick.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Closebook needs Python 3.11 or newer: make PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/closebook demo

# All tests but the slow ones, on three workers with servers of their own; what PYTEST_ARGS names, on one.  On two cores
# three took 440 s where two took 508: a test that waits for a server leaves its core to another's.
# In the order of their names: what takes long is not left for the end, when a worker would wait for the other.
WORKERS ?= 3
test: setup
	$(BIN)/python -m pytest -m "not slow" $(if $(PYTEST_ARGS),$(PYTEST_ARGS),--numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder)

# Every fault against real processes and servers: killed, frozen, starved. The slow ones too; writes docs/faults.md.
# The crash points take half of it: PYTEST_ARGS='--deselect tests/crashes' leaves them to `make crashes`.
faults: setup
	$(BIN)/python -m pytest -p tests.support.fault_table.page $$($(BIN)/python -m tests.support.fault_table.page) $(PYTEST_ARGS)

# A batch, a page, a mail, three days and a reviewed run killed at every await and recovered, each time the whole database
# compared (half an hour; `make test` takes a few points of some).
crashes: setup
	$(BIN)/python -m pytest tests/crashes $(PYTEST_ARGS)

# Faults at random under load, then every penny proved; SEED=n repeats a run's faults, SECONDS=n says how long.
nemesis: setup
	$(BIN)/python -m tests.nemesis --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# Spoilt records into decoding and applying, for SECONDS; SEED=n repeats a run, SERVICE says whose (billing).
fuzz: setup
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(SERVICE),--service $(SERVICE))

# Orders of one year's history that must all end the same (make shuffles N=10000), and the examiner's diary in two others.
N ?= 10000
shuffles: setup
	CLOSEBOOK_SHUFFLES=$(N) $(BIN)/python -m pytest tests/unit/billing/test_shuffles.py \
		tests/system/test_contract_shuffles.py -m slow -s

# Backups restored, databases built anew and compared row by row (some minutes).
recovery: setup
	$(BIN)/python -m pytest tests/system/test_rebuild.py tests/system/test_rebuild_redriven.py \
		tests/system/test_restore.py tests/system/test_erasure.py $(PYTEST_ARGS)

# Slow tests that no other target runs: more random histories, whole demonstrations, a killed broker.
slow: setup
	$(BIN)/python -m pytest -m slow tests/integration/embedded/test_servers.py tests/integration/billing/test_floats.py \
		tests/integration/billing/test_histories.py tests/system/test_demo.py tests/system/test_story.py \
		tests/nemesis $(PYTEST_ARGS)

# Every command of every runbook, against a running plant.
runbooks: setup
	$(BIN)/python -m pytest tests/system/test_runbooks.py -m slow $(PYTEST_ARGS)

# The promised figures, measured; build/bench.json has them for programs. BENCH_ARGS="--only charges" runs one.
# WeasyPrint, which PDFs are compared with, has an environment of its own; where it cannot be had, that is not measured.
bench: setup
	-@test -x build/weasyprint/bin/python || { mkdir -p build && $(PYTHON) -m venv build/weasyprint.new && \
	  build/weasyprint.new/bin/python -m pip install --quiet --disable-pip-version-check 'weasyprint>=70,<71' && \
	  mv build/weasyprint.new build/weasyprint; }
	$(BIN)/python -m tests.benchmarks.run $(BENCH_ARGS)

# Format, lint and types; the walls between rooms are tests (tests/architecture).
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# What the image is made of, from its lock alone (CycloneDX): keep it with the release.
sbom: setup
	$(BIN)/python -m shared.supply.bom deploy/requirements.lock build/sbom.json

# Then every part against the known advisories. It needs the network, says in a sentence what could not be looked up,
# and fails for that too. The tool has an environment of its own.
audit: sbom
	@test -x build/audit/bin/pip-audit || $(PYTHON) -m venv build/audit
	-build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/python -m shared.supply.advisories build/audit/bin/pip-audit deploy/requirements.lock

schemas: setup
	$(BIN)/python -m shared.events.publish_schemas

# After a change of dependencies in pyproject.toml, and of Kafka's version in shared/embedded/jars.py.
lock: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --group dev pyproject.toml -o requirements.lock
	$(COMPILE) --excludes deploy/not-in-image.txt -c requirements.lock pyproject.toml -o deploy/requirements.lock
	$(BIN)/python -m shared.embedded.jars lock

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
