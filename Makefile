.DEFAULT_GOAL := help
.PHONY: help run run-ha test test-long bench-failover image lint format docs clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

run: ## a node with everything on this machine, until Ctrl-C
	@setup/run

run-ha: ## a cluster of nine containers that survives its nodes, until Ctrl-C
	@setup/run-ha

test: ## everything that must pass: units, components, the real image
	@setup/test

test-long: ## the tests, twice in a row, and every way in which a cluster can lose a part, several times
	@setup/test && setup/test -Dexcluded.tests=none

bench-failover: ## our election of masters against Spark's own; takes an hour
	@setup/image && bench/failover

image: ## spark-appliance:VERSION and :VERSION-slim
	@setup/image

lint: ## formatting and shell scripts
	@setup/lint

format: ## mend the formatting
	@setup/builder mvn -q -B spotless:apply

docs: ## docs/environment.md from the catalogue of variables
	@setup/builder mvn -q -B package -Dmaven.test.skip=true
	@setup/builder env SPARK_APPLIANCE_HOME=target/appliance sh entrypoint/spark-appliance environment >target/environment.md
	@mv target/environment.md docs/environment.md

clean: ## remove what was built in this folder; images, and the data of `make run`, stay
	rm -rf target build/venv build/testenv build/senza build/aws build/checkov build/home build/reproducible build/*.log
