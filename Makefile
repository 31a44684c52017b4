.DEFAULT_GOAL := help
.PHONY: help run run-ha test test-long test-minio bench-failover bench-s3 bench-gateway image lint format docs clean

help: ## what there is
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/make \1\t\2/' | expand -t 21

run: ## a node with everything on this machine, until Ctrl-C
	@setup/run

run-ha: ## a cluster of nine containers that survives its nodes, until Ctrl-C
	@setup/run-ha

test: ## everything that must pass: units, components, the real image
	@setup/test

test-long: ## the same, with every way in which a cluster can lose a part, several times, and every way to write to S3; takes hours
	@setup/test -Dexcluded.tests=minio

test-minio: ## what the stacks' role may do on S3, enforced by MinIO; builds that first, in ten minutes
	@setup/test-minio

bench-failover: ## our election of masters against Spark's own; takes an hour
	@setup/image && bench/failover

bench-s3: ## writing to S3 and reading it back against Spark's defaults; fetches 690 MB once
	@setup/image && bench/s3

bench-gateway: ## the gateway against plain JDBC and beeline, its memory, and lists of a million jobs; takes more than half an hour
	@setup/image && bench/gateway

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
	rm -rf target build/venv build/testenv build/senza build/aws build/checkov build/web build/api build/minio build/keycloak build/bench build/home build/reproducible build/*.log
