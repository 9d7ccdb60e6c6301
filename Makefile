# make demo   pictures, sounds and sentences by the shipped models, in under three minutes after the build
# make test   every default test
# make dependent   a package of somebody else's that imports LatentLab, built and run
# make notebooks   the tutorials of Notebooks-md, slow ones too: what they print and draw is checked
# make sums        the hashes of what ships (datasets, models, networks), after a change of Assets
PACKAGES := libopenblas-dev libdnnl-dev libpng-dev libturbojpeg0-dev libsndfile1-dev
SHELL := bash
.SHELLFLAGS := -o pipefail -c
BUILD    := .build/release
LATENTLAB := $(BUILD)/latentlab

.PHONY: help packages build demo test dependent notebooks sums format lint clean

help:
	@sed -n 's/^# //p' Makefile

packages:
	@missing=""; for p in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing Debian packages:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then SUDO=""; else SUDO=sudo; fi; \
	  $$SUDO apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$SUDO apt-get install -y -qq $$missing >/dev/null; \
	fi

build: packages
	@echo "Building LatentLab (release)"
	@swift build -c release --product latentlab 2>&1 | { grep -vE '^\[[0-9]+/[0-9]+\]'; true; }
	@test -x $(LATENTLAB)

demo: build
	@$(LATENTLAB) demo

test: packages
	@echo "Building the tests (release, one build)"
	swift build -c release --build-tests
	@echo "Running the tests"
	# Waiting threads sleep at once: spinning is ruinous where cores are shared.
	OMP_WAIT_POLICY=passive swift test -c release --skip-build --no-parallel
	@echo "All tests passed. Next: 'make demo' for pictures, 'make notebooks' for the tutorials, CONTRIBUTING.md for the map."

dependent: packages
	@echo "Building a package that depends on LatentLab"
	swift run -c release --package-path Tests/SecondPackage

notebooks: build
	@echo "Running the tutorials"
	@$(LATENTLAB) notebook Notebooks-md/*.md
	@echo "Next: read Notebooks-md/01-two-dimensional-toy.md"

sums:
	cd Assets && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS

format:
	swift format --in-place --recursive Sources Tests Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

clean:
	rm -rf .build
