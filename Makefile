PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCENARIOS := $(wildcard scenarios/*.yaml)

.PHONY: run test test-slow lint bench caps duty projects surprise docs notebooks validation clean

run: $(READY)
	$(BIN)/supplychain run $(SCENARIOS) --figures --out results
	$(BIN)/supplychain report results --to results/report.html

test: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy supplychain benchmarks examples

docs: $(READY)
	$(BIN)/supplychain schema > scenarios/scenario.schema.json
	$(BIN)/supplychain schema --page > docs/scenarios.md
	$(BIN)/python docs/house.py
	$(BIN)/python docs/facts.py

bench: $(READY)
	$(BIN)/python benchmarks/overhead.py

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) node_modules results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

caps: $(READY)
	$(BIN)/python examples/caps_on_china.py

duty: $(READY)
	$(BIN)/python examples/lasting_duty.py

surprise: $(READY)
	$(BIN)/python examples/surprise.py

projects: $(READY)
	$(BIN)/python examples/central_asian_projects.py

notebooks: $(READY)
	$(BIN)/python notebooks/execute.py

validation: $(READY)
	$(BIN)/python docs/validation.py
