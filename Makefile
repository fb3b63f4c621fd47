PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCENARIOS := status_quo diversify_away joint_investment_fund export_ban export_stop

.PHONY: run test lint bench clean

run: $(READY)
	$(BIN)/supplychain run $(SCENARIOS) --figures --out results

test: $(READY)
	$(BIN)/python -m pytest -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy supplychain

bench: $(READY)
	$(BIN)/python benchmarks/overhead.py

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) node_modules results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: caps
caps: $(READY)
	$(BIN)/python examples/caps_on_china.py
