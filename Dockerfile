# The slow-changing base of the image: operating system, Java, Python, the Spark distribution. Jib puts the
# appliance itself on top (`make image`).
#
#   --build-arg BASE_IMAGE=…     another Debian trixie
#   --build-arg SPARK_VERSION=…  another Spark
#   --secret id=ca,src=FILE      CA bundle for pip, where a proxy inspects TLS

ARG BASE_IMAGE=debian:trixie-slim

FROM ${BASE_IMAGE} AS slim
ARG SPARK_VERSION=4.2.0
ENV LANG=C.UTF-8
# Java's package links its manual pages, and the slim image has no folder for them.
# tini reaps orphans and forwards signals; extrausers gives any uid a name; procps is for people who look inside.
RUN export DEBIAN_FRONTEND=noninteractive && mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libnss-extrausers openjdk-25-jre-headless procps python3 python3-venv tini \
    && apt-get clean \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache \
    && ln -s "$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")" /opt/java \
    && sed -i 's/^passwd:.*/passwd: files extrausers/' /etc/nsswitch.conf \
    && rm -rf /var/lib/extrausers && ln -s /tmp/.spark-appliance-users /var/lib/extrausers

COPY setup/python/prune_jars.py /tmp/
# The distribution becomes a directory of its own, and Python sees the same files through a link. The wheel that pip makes of
# it is unpacked at once: it need not be compressed.
RUN --mount=type=secret,id=ca,target=/run/secrets/ca,mode=0444 \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && python3 -m venv /opt/python \
    && /opt/python/bin/pip install --no-cache-dir --disable-pip-version-check \
        --config-settings=--build-option=--compression=stored "pyspark==${SPARK_VERSION}" \
    && packages="$(/opt/python/bin/python3 -c 'import site; print(site.getsitepackages()[0])')" \
    && mv "${packages}/pyspark" /opt/spark && ln -s /opt/spark "${packages}/pyspark" \
    && python3 /tmp/prune_jars.py /opt/spark/jars \
    && rm -rf /opt/spark/examples /opt/spark/bin/*.cmd /tmp/prune_jars.py

# A layer of its own, so that layers are compressed, pulled and unpacked side by side. Nothing but a library's own
# development imports its tests.
COPY setup/python/spark.txt /tmp/requirements.txt
RUN --mount=type=secret,id=ca,target=/run/secrets/ca,mode=0444 \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && /opt/python/bin/pip install --no-cache-dir --disable-pip-version-check --requirement /tmp/requirements.txt \
    && cd "$(/opt/python/bin/python3 -c 'import site; print(site.getsitepackages()[0])')" \
    && find numpy pandas pyarrow -type d -name tests -prune -exec rm -rf {} + \
    && rm /tmp/requirements.txt

# Native libraries in a place from which they can be loaded although /tmp may be mounted noexec: the launcher tells JVMs
# about snappy and zstd, and RocksDB, the state store of streaming, looks for its own in LD_LIBRARY_PATH.
RUN mkdir /opt/spark/native && cd /opt/spark/native \
    && machine="$(uname -m)" \
    && case "${machine}" in x86_64) zstd=amd64 ;; *) zstd="${machine}" ;; esac \
    && python3 -m zipfile -e /opt/spark/jars/snappy-java-*.jar /tmp/snappy \
    && python3 -m zipfile -e /opt/spark/jars/zstd-jni-*.jar /tmp/zstd \
    && python3 -m zipfile -e /opt/spark/jars/rocksdbjni-*.jar /tmp/rocksdb \
    && install -m 0755 "/tmp/snappy/org/xerial/snappy/native/Linux/${machine}/libsnappyjava.so" . \
    && install -m 0755 /tmp/zstd/linux/"${zstd}"/libzstd-jni-*.so . \
    && install -m 0755 /tmp/rocksdb/librocksdbjni-*.so librocksdbjni.so \
    && rm -rf /tmp/snappy /tmp/zstd /tmp/rocksdb

# What Spark's JVMs start from: a third fewer seconds until a node is ready (bench/README.md).
COPY setup/python/startup_cache.py /tmp/
RUN JAVA_HOME=/opt/java PATH="/opt/python/bin:${PATH}" python3 /tmp/startup_cache.py /opt/spark /opt/spark/aot \
    && rm -rf /opt/spark/work /tmp/* /root/.beeline /root/.cache /root/.ivy2*

ENV JAVA_HOME=/opt/java \
    SPARK_HOME=/opt/spark \
    LD_LIBRARY_PATH=/opt/spark/native \
    SPARK_APPLIANCE_HOME=/opt/spark-appliance \
    SPARK_APPLIANCE_DATA=/var/lib/spark-appliance \
    SPARK_CONF_DIR=/var/lib/spark-appliance/conf \
    SPARK_DIST_CLASSPATH=/opt/spark-appliance/spark-jars/*:/opt/spark-appliance/classpath/* \
    PYSPARK_PYTHON=/opt/python/bin/python3 \
    PYTHONPATH=/var/lib/spark-appliance/python \
    HOME=/var/lib/spark-appliance/home \
    PATH=/opt/spark-appliance/bin:/opt/spark/bin:/opt/python/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Any uid may write here, as in /tmp; what is secret has a directory of mode 0700.
RUN useradd --system --uid 185 --gid 0 --home-dir /var/lib/spark-appliance/home --shell /bin/bash spark \
    && install -d -m 1777 /var/lib/spark-appliance /var/lib/spark-appliance/home /var/lib/spark-appliance/events \
    && install -d -m 0755 /etc/spark-appliance /docker-entrypoint-initdb.d
# Not HOME: where a tmpfs covers this folder, the engine makes the working directory, and makes it as root.
WORKDIR /var/lib/spark-appliance
VOLUME /var/lib/spark-appliance
USER spark
# master and its page, worker, shuffle service, gateway, management, notebook, JDBC, Connect, history server, SQL driver, ZooKeeper
EXPOSE 7077 8080 8081 7337 8000 8090 8888 10000 15002 18080 4040 2181
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=300s --retries=3 CMD ["health-check"]
ENTRYPOINT ["tini", "--", "entrypoint"]
CMD ["launch"]

FROM slim AS full
USER root
COPY setup/python/notebook.txt /tmp/requirements.txt
RUN --mount=type=secret,id=ca,target=/run/secrets/ca,mode=0444 \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
    && /opt/python/bin/pip install --no-cache-dir --disable-pip-version-check --requirement /tmp/requirements.txt \
    && rm /tmp/requirements.txt
# R, and its bridge to the Python above, which loads that as a library. Without its compilers.
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update \
    && apt-get install --yes --no-install-recommends libpython3.13 r-base-core r-cran-reticulate \
    && apt-get clean \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache \
        /var/cache/fontconfig/*
ENV RETICULATE_PYTHON=/opt/python/bin/python3
USER spark

# Where a machine has a Docker engine but no JDK 25, the build itself runs in this one.
FROM ${BASE_IMAGE} AS build
RUN export DEBIAN_FRONTEND=noninteractive && mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium curl docker-cli git make maven openjdk-25-jdk-headless python3 python3-venv \
    && apt-get clean && rm -rf /var/cache/apt/* /var/lib/apt/lists/*
