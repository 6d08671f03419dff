# Entry points. Everything that does something is in scripts/, where it can be read and checked.
.DEFAULT_GOAL := help
.PHONY: help run tv test lint clean-demo

help:
	@echo 'make run         build, start the server with the demo library, open the player'
	@echo 'make tv          the same with the player for televisions'
	@echo 'make test        every check: format, lints, documentation, tests'
	@echo 'make lint        the checks without the tests'
	@echo 'make clean-demo  delete the demo library and its accounts'
	@echo
	@echo 'LUMEN_DATA=folder     where the demo lives (default: ~/.local/share/lumen/demo)'
	@echo 'LUMEN_SETUP=skip      do not look for system packages'

run:
	@scripts/run.sh

tv:
	@scripts/run.sh --tv

test:
	@scripts/test.sh

lint:
	@scripts/test.sh --lint

clean-demo:
	@scripts/clean-demo.sh
