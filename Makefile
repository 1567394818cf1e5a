# Everything runs in .venv, which `make lab` and `make test` set up by themselves.

PYTHON ?= python3
VENV ?= .venv
LAB_FLAGS ?=
# "default" takes pip's usual PyTorch, with or without an NVIDIA driver.
TORCH ?=
# A folder with Pyodide's release, for the site and its tests.
export PYODIDE
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu

run := $(VENV)/bin/python
schema := $(run) -m check_jsonschema --builtin-schema vendor

# An environment's scripts and its link to xaikit hold absolute paths. So an environment that was
# made in another folder (the checkout was moved or copied) cannot be used.
venv_usable := $(shell { $(run) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	&& grep -F "$$(cd $(VENV) && pwd -P)" $(VENV)/bin/activate; } >/dev/null 2>&1 && echo yes)

# $(call install,extra): if PyTorch's CPU build is enough, it is installed before the rest. pip would
# compile all files on one core, 40 seconds of this. A package may have files for newer Pythons.
define install
$(if $(filter default,$(TORCH)),,@$(run) -m tools.small_torch $(TORCH_CPU_INDEX))
$(run) -m pip install --no-compile -c constraints.txt -e ".[$(1)]"
@$(run) -m compileall -qq -j 0 $(VENV)/lib || true
endef

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test notebooks film book site bench grade constraints systems \
	lane-style lane-types lane-units lane-notebooks lane-exercises lane-grading lane-browser \
	lane-oldest lane-processors lane-site lane-clusters

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

lab: $(VENV)/.has-lab ## open the course in JupyterLab (options for it: LAB_FLAGS="--no-browser")
	@exec $(run) -m tools.lab $(LAB_FLAGS)

test: $(VENV)/.has-test ## run every check, as eight lanes; a failing lane does not stop the next
	@$(MAKE) --no-print-directory --keep-going lane-style lane-types lane-units lane-notebooks \
		lane-oldest lane-exercises lane-grading lane-browser

computing_units := -m pytest tests/units --ignore-glob '*plots*' -n 2 --dist loadfile
stored_outputs := -m pytest --nbval --nbval-current-env --nbval-cell-timeout 120 \
	-p tests.notebooks.kernel_sockets -p tests.notebooks.nbval_tolerance -n 2 --dist loadfile \
	start.ipynb lectures solutions

# Two workers on two cores: with more threads they would slow each other down.
lane-units lane-notebooks lane-exercises lane-grading lane-browser lane-site: export OMP_NUM_THREADS = 1

lane-style: $(VENV)/.has-test ## one lane of `make test`: ruff, and the schemas of what GitHub reads
	$(run) -m ruff check
	$(schema).github-workflows .github/workflows/*.yml
	$(schema).github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(schema).github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(schema).citation-file-format CITATION.cff

lane-types: $(VENV)/.has-test ## one lane of `make test`: mypy
	$(run) -m mypy

lane-units: $(VENV)/.has-test ## one lane of `make test`: everything under tests/ but grading, browser, site and clusters
	$(run) -m pytest tests -n 2 --dist worksteal --ignore tests/browser --ignore tests/grading \
		--ignore tests/site --ignore tests/clusters --ignore tests/house/test_book.py

lane-notebooks: $(VENV)/.has-test ## one lane of `make test`: lectures and solutions give their stored outputs
	$(run) $(stored_outputs)

# The kernels of other processors give the same results, within the tolerances and digits shown.
lane-oldest: $(VENV)/.has-test ## one lane of `make test`: notebooks, and properties with few draws, as on a Nehalem
	$(run) -m tools.processors nehalem $(computing_units) -m hypothesis --hypothesis-profile few
	$(run) -m tools.processors nehalem $(stored_outputs)

# One worker for two threads: the threads of two workers would wait for each other.
lane-processors: $(VENV)/.has-test ## all of that as on a Nehalem, a Sandybridge (units with two threads) and a Haswell
	$(run) -m tools.processors nehalem $(computing_units) tests/assignments
	$(run) -m tools.processors nehalem $(stored_outputs)
	$(run) -m tools.processors --threads 2 sandybridge $(computing_units) tests/assignments -n 1
	$(run) -m tools.processors --threads 2 sandybridge $(stored_outputs) -n 1
	$(run) -m tools.processors haswell $(computing_units) tests/assignments
	$(run) -m tools.processors haswell $(stored_outputs)

lane-exercises: $(VENV)/.has-test ## one lane of `make test`: exercises stop only where the learner writes
	$(run) -m pytest --nbval-lax --nbval-current-env -p tests.notebooks.kernel_sockets \
		-p tests.notebooks.exercise_lane -n 2 --dist loadfile exercises

# Two workers grade each class. They often wait for their kernels, so two classes are graded at a
# time. The hostile class is graded alone: it takes all resources, and its tests look for everything
# that it leaves behind. Without bubblewrap these tests are skipped, with a message.
lane-grading: $(VENV)/.has-test ## one lane of `make test`: classes of learners, honest and hostile, are graded
	$(run) -m pytest tests/grading -n 2 --dist loadfile -rs --ignore tests/grading/test_hostile.py
	$(run) -m pytest tests/grading/test_hostile.py -rs

# Each worker has its own JupyterLab; the web book is built once. One worker begins with the site and
# the book, the other with the lectures, so that each starts what it needs once. Without Chromium its
# tests are skipped, with a message; without a folder of Pyodide, those of the site.
lane-browser: $(VENV)/.has-test ## one lane of `make test`: the course in JupyterLab, the web book, a first visit to the site
	$(run) -m pytest tests/site/test_first_visit.py tests/site/test_own_work.py \
		tests/house/test_book.py tests/browser -n 2 --dist worksteal -rs

lane-site: $(VENV)/.has-test ## every lecture and exercise in the browser, with a folder of Pyodide's release: PYODIDE=…
	$(run) -m pytest tests/site -n 2 --dist worksteal -rs

# None of the three is needed for anything else. Slurm is a system's package.
lane-clusters: $(VENV)/.has-test ## the guide's scripts for Slurm and Dask Gateway grade a class (apt install slurm-wlm munge)
	$(run) -m pip install -c constraints.txt dask-jobqueue==0.9.0 dask-gateway==2026.3.0 \
		dask-gateway-server==2026.3.0
	$(run) -m pytest tests/clusters -rs

notebooks: $(VENV)/.has-test ## execute and normalise lectures and solutions, derive exercises and contents.json
	$(run) -m tools.notebooks

film: $(VENV)/.has-test ## film README's animation in JupyterLab (needs Chromium)
	$(run) -m tools.animation

book: $(VENV)/.has-book ## make a web book of lectures, exercises and xaikit, in build/book
	$(run) -m tools.book

site: $(VENV)/.has-site ## make the book, and the course to run in the browser, in build/site (PYODIDE=folder)
	$(run) -m tools.site

bench: $(VENV)/.has-test ## measure xaikit beside its peers
	$(run) -m benchmarks

grade: $(VENV)/.has-grading ## grade: ASSIGNMENT=… SUBMISSIONS=folder-or-zip, OPTIONS="--roster class.csv …"
	@$(run) -m grading grade '$(ASSIGNMENT)' --submissions '$(SUBMISSIONS)' $(OPTIONS)

# Only a person moves these three pins. An open range for torch may choose a build with gigabytes of
# CUDA packages. jsonschema reads from 4.25 on a grammar that adds two seconds to every start of
# Jupyter. soupsieve from 3.0 on cannot read a selector in Python 3.11.2 (Debian 12), and then no
# notebook can be converted to a page.
pinned_by_hand = $(shell grep -E '^(torch|jsonschema|soupsieve)==' constraints.txt)

constraints: $(VENV)/pyvenv.cfg ## move constraints.txt to the newest versions that install together
	$(run) -m venv --clear build/constraints
	build/constraints/bin/python -m tools.small_torch $(TORCH_CPU_INDEX)
	build/constraints/bin/python -m pip install $(pinned_by_hand) -e ".[test]"
	build/constraints/bin/python -m pip check
	{ grep '^#' constraints.txt; \
	build/constraints/bin/python -m pip freeze --all --exclude pip --exclude xaikit \
	| sed 's/^\(torch==[^+]*\)+.*/\1/'; } > build/constraints.txt
	$(call resolve,build/constraints/bin,build/constraints.txt)
	mv build/constraints.txt constraints.txt

# Not in `make test`: it needs the package registry, and its result changes only with a pin.
systems: $(VENV)/.has-test ## check that each Python and system of README.md can have every pin
	$(call resolve,$(VENV)/bin,constraints.txt)

# $(call resolve,programs,constraints) installs nothing, and no package may need a compiler. Only
# lime is a source archive, of pure Python. uv, unlike pip, resolves for other Pythons and systems.
define resolve
@for python in 3.11 3.12 3.13 3.14; do for system in linux windows macos; do \
	echo "Python $$python on $$system"; \
	MACOSX_DEPLOYMENT_TARGET=14.0 $(1)/uv pip compile --quiet --python $(1)/python \
		--python-version $$python --python-platform $$system --only-binary :all: --no-binary lime \
		--constraints $(2) --extra test pyproject.toml >/dev/null || exit 1; \
done; done
endef

$(VENV)/.has-lab: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(call install,lab)
	@touch $@

$(VENV)/.has-grading: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(call install,grading)
	@touch $@ $(VENV)/.has-lab

$(VENV)/.has-book: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(call install,book)
	@touch $@ $(VENV)/.has-lab

# Each JupyterLab of this environment would load JupyterLite's kernel, which only a JupyterLite can
# run. So it has a folder of its own. These versions fit the Pyodide of tools/site.
define install_jupyterlite
$(run) -m pip install --quiet --no-deps --upgrade --target $(VENV)/jupyterlite \
	jupyterlite-core==0.6.4 jupyterlite-pyodide-kernel==0.6.1 doit==0.37.0 pkginfo==2.0
endef

$(VENV)/.has-site: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(call install,book)
	$(install_jupyterlite)
	@touch $@ $(VENV)/.has-lab $(VENV)/.has-book

# lxt is the peer of LRP through attention. Its formulas need torch alone, not all that it asks for.
$(VENV)/.has-test: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(call install,test)
	$(run) -m pip install --no-deps lxt==2.1
	$(install_jupyterlite)
	@touch $@ $(VENV)/.has-lab $(VENV)/.has-grading $(VENV)/.has-book $(VENV)/.has-site

ifneq ($(venv_usable),yes)
.PHONY: $(VENV)/pyvenv.cfg
endif
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'The course needs Python 3.11 or newer, and "$(PYTHON)" is' \
			"$$($(PYTHON) --version 2>/dev/null || echo missing)."; \
		echo 'Install one and name it:  make lab PYTHON=python3.11'; \
		echo 'or use conda:             conda env create -f environment.yml'; \
		exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '"$(PYTHON)" cannot make a virtual environment: its venv module is missing.'; \
		echo 'On Debian or Ubuntu:  sudo apt install python3-venv'; \
		exit 1; } >&2
	@if [ -e $(VENV) ]; then \
		echo '$(VENV) was made for another folder or Python: making it again.'; \
	else \
		echo 'Setting up $(VENV): this happens once and takes a few minutes.'; \
	fi
	$(PYTHON) -m venv --clear $(VENV)
