# make: set up and run everything; make test: set up and test. Both need python3 (3.11 to 3.13) and nothing else.
# On Linux without a GPU, PIP_EXTRA_INDEX_URL set to PyTorch's index of CPU builds saves some gigabytes.

PYTHON ?= python3
CORES ?= all
PORT ?= 5000
STORE := $(or $(MLFLOW_TRACKING_URI),sqlite:///mlflow.db)
STAMP := .venv/.installed
SOURCES := src tests benchmarks

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.PHONY: all test test-ci quick figures ui archive clean

all: $(STAMP)
	snakemake --cores $(CORES)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --requirement requirements.lock
	.venv/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

test: $(STAMP)
	python -m pytest -m "not browser and not slurm and not gpu"

test-ci: $(STAMP)
	ruff check $(wildcard $(SOURCES))
	ruff format --check $(wildcard $(SOURCES))
	snakefmt --check Snakefile workflow
	mypy
	python -m pytest -m "not slurm and not gpu"

quick: $(STAMP)
	snakemake --cores $(CORES) --configfile config/quick.yaml

figures: $(STAMP)
	snakemake --cores $(CORES) figures

# Job execution is for MLflow's evaluation service; without it the server needs half the memory.
ui: $(STAMP)
	@python -m rescert track pages --tracking $(STORE) --config '{"server": "http://127.0.0.1:$(PORT)"}'
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow server --host 127.0.0.1 --port $(PORT) --workers 1 \
	  --backend-store-uri $(STORE) --artifacts-destination ./mlartifacts

archive: $(STAMP)
	snakemake --report reports/archive.zip

# Results only: the environment and the runs in MLflow stay.
clean:
	rm -rf data/processed results reports logs runs
