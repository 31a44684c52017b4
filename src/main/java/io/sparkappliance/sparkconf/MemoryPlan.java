package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.MemorySize;

/**
 * How a node's memory is split over what runs there. Heaps are what {@code -Xmx} gets; what a JVM
 * needs beside its heap is counted by the plan but not part of these values.
 *
 * @param total what the container or the host has
 * @param launcher heap of the launcher
 * @param daemonHeap heap of master, worker and history server, each
 * @param driverHeap heap of each driver that the appliance starts: {@code spark.driver.memory}
 * @param gatewayHeap heap of the gateway
 * @param notebook what JupyterLab and its kernels may take beside the drivers they start; zero
 *     where no notebook runs
 * @param applications left free for the drivers of submitted applications and notebooks, which come
 *     and go; less than one driver on small nodes
 * @param workerMemory what the worker may hand to executors: the sum of their {@code
 *     spark.executor.memory}; zero where no worker runs
 * @param executorMemory heap of one executor: {@code spark.executor.memory}
 */
public record MemoryPlan(
    MemorySize total,
    MemorySize launcher,
    MemorySize daemonHeap,
    MemorySize driverHeap,
    MemorySize gatewayHeap,
    MemorySize notebook,
    MemorySize applications,
    MemorySize workerMemory,
    MemorySize executorMemory) {}
