# make lab: the course in JupyterLab.  make test: every test.  The rest is for who edits a lesson (README, "Contribute").
PYTHON ?= python3
PORT ?= 8888
NB ?= $(sort $(wildcard notebooks/*.ipynb))
START := notebooks/00_start_here.ipynb
RUN := .venv/bin/python
PIP := $(RUN) -m pip install --disable-pip-version-check --root-user-action=ignore --constraint constraints.txt
CPU_TORCH := --no-deps --retries 0 --timeout 15 --extra-index-url https://download.pytorch.org/whl/cpu torch

.PHONY: lab test notebooks checkpoints comparison times lint
.NOTPARALLEL:

lab: .venv/.lab
	$(RUN) -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.port=$(PORT) --ServerApp.root_dir=. $(LAB_FLAGS)

# Two at a time, long notebooks first, so that both end together; but not the browser tests, which measure how fast a
# live view answers.
test: .venv/.test
ifdef ARGS
	$(RUN) -m pytest $(ARGS)
else
	$(RUN) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/browser notebooks tests
	$(RUN) -m pytest tests/browser
endif

notebooks: .venv/.test
	$(RUN) tests/tools/notebooks.py freeze $(NB)

checkpoints: .venv/.lab
	$(RUN) data/make/checkpoints.py $(NAME)

comparison: .venv/.lab
	$(RUN) data/make/comparison.py

times: .venv/.test
	$(RUN) tests/tools/notebooks.py times $(NB)

lint: .venv/.test
	$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

# No news, no updates, no extension manager. Without a display no browser is started; the address is printed either way.
LAB_FLAGS = --LabApp.default_url=/lab/tree/$(START) --LabApp.news_url=None --LabApp.extension_manager=readonly \
  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
  $(shell [ "$$(id -u)" != 0 ] || echo --allow-root) \
  $(shell [ "$$(uname)$$DISPLAY$$WAYLAND_DISPLAY" != Linux ] || echo --no-browser)

# .venv/.lab and .venv/.test say that the environment is ready; .venv/.unfinished marks one whose install did not end.
IS_NEW := import sys; sys.exit(sys.version_info < (3, 11))
IS_SOUND := import pip._internal.cli.main; $(IS_NEW)
TOO_OLD := This course needs Python 3.11 or newer. Install one, or name it: make lab PYTHON=python3.12
NO_GPU := [ "$$(uname)" = Linux ] && ! nvidia-smi -L >/dev/null 2>&1

.venv/.lab: pyproject.toml constraints.txt
	@$(PYTHON) -c '$(IS_NEW)' || { echo "$(TOO_OLD)" >&2; exit 1; }
	@[ ! -e .venv/.unfinished ] && $(RUN) -c '$(IS_SOUND)' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@touch .venv/.unfinished
	@echo "Installing the course into .venv. This takes a few minutes, once."
	@if $(NO_GPU); then $(PIP) $(CPU_TORCH) || true; fi
	$(PIP) --editable '.[chem,text]'
	@echo "$(CURDIR)" > $@ && rm .venv/.unfinished

.venv/.test: .venv/.lab
	$(PIP) --quiet --editable '.[chem,text,test]'
	@touch $@

# An environment that was made in another place (the folder was moved) is installed again.
ifneq ($(shell cat .venv/.lab 2>/dev/null),$(CURDIR))
.PHONY: .venv/.lab
endif
