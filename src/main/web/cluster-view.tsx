import { api, type Application, type Cluster } from "./api.js";
import { UsagePlot } from "./chart.js";
import { count, duration, plural, size } from "./format.js";
import { useLoaded } from "./hooks.js";
import { Heading, Meter, Moment, Outside, Problem, State, Waiting } from "./parts.js";

const PAGES: [keyof Cluster["links"], string][] = [["master_page", "Spark master"], ["history", "History server"]];
const ADDRESSES: [keyof Cluster["links"], string][] = [["master", "Spark"], ["thrift", "JDBC"], ["connect", "Spark Connect"]];

function Applications({ applications }: { applications: Application[] }) {
  if (applications.length === 0) {
    return <p>No application runs.</p>;
  }
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Applications">
      <table>
        <thead>
          <tr>
            <th scope="col">Application</th>
            <th scope="col">User</th>
            <th scope="col">State</th>
            <th scope="col" class="number">Cores</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">Runs for</th>
          </tr>
        </thead>
        <tbody>
          {applications.map((application) => (
            <tr key={application.id}>
              <td>
                <Outside to={application.ui_url} text={application.name} />
              </td>
              <td>{application.user}</td>
              <td>
                <State state={application.state} />
              </td>
              <td class="number">{count(application.cores)}</td>
              <td>
                <Moment at={application.submitted_at} />
              </td>
              <td class="number">{duration(application.duration_seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Who is there, what is used, who runs what. */
export function ClusterView() {
  const { value: cluster, problem } = useLoaded(api.cluster, [], 5);
  const { value: usage, problem: usageProblem } = useLoaded(api.usage, [], 10);
  return (
    <>
      <Heading>Cluster</Heading>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {cluster === undefined ? (
        problem === undefined && <Waiting />
      ) : (
        <>
          <div class="cards">
            <section class="card" aria-label="Leader">
              <h2>Leading master</h2>
              <p class="big">{cluster.leader ?? "None"}</p>
              {cluster.leader === undefined && <p>No master leads: another one is being elected, or none runs. Work that is submitted now waits.</p>}
            </section>
            <section class="card" aria-label="Cores">
              <h2>Cores</h2>
              <Meter label="Cores in use" used={cluster.cores_used} total={cluster.cores} text={`${count(cluster.cores_used)} of ${count(cluster.cores)} in use`} />
            </section>
            <section class="card" aria-label="Memory">
              <h2>Memory of executors</h2>
              <Meter label="Memory in use" used={cluster.memory_used} total={cluster.memory} text={`${size(cluster.memory_used)} of ${size(cluster.memory)} in use`} />
            </section>
            <section class="card" aria-label="Links">
              <h2>Pages and addresses</h2>
              <ul class="plain-list">
                {PAGES.map(([key, text]) => cluster.links[key] !== undefined && (
                  <li key={key}>
                    <Outside to={cluster.links[key]} text={text} />
                  </li>
                ))}
                {ADDRESSES.map(([key, text]) => cluster.links[key] !== undefined && (
                  <li key={key}>
                    {text}: <code>{cluster.links[key]}</code>
                  </li>
                ))}
              </ul>
            </section>
          </div>
          <section>
            <h2>The last hour</h2>
            {usageProblem !== undefined && <Problem>{usageProblem}</Problem>}
            {usage !== undefined && (
              <div class="cards">
                <UsagePlot samples={usage.samples} used={(s) => s.cores_used} total={(s) => s.cores} write={count} label="Cores" />
                <UsagePlot samples={usage.samples} used={(s) => s.memory_used} total={(s) => s.memory} write={size} label="Memory" />
                <UsagePlot samples={usage.samples} used={(s) => s.running} total={(s) => s.running + s.queued} write={count} label="Running jobs, of those and waiting ones," />
              </div>
            )}
          </section>
          <section>
            <h2>Applications</h2>
            <Applications applications={cluster.applications} />
          </section>
          <section>
            <h2>Workers</h2>
            {cluster.workers.length === 0 ? (
              <p>No worker is registered. Start nodes with START_WORKER=true that know this master (MASTER_STACK_NAME).</p>
            ) : (
              <div class="scroll" tabIndex={0} role="region" aria-label="Workers">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Host</th>
                      <th scope="col">State</th>
                      <th scope="col">Cores</th>
                      <th scope="col">Memory</th>
                    </tr>
                  </thead>
                  <tbody>
                    {cluster.workers.map((worker) => (
                      <tr key={worker.id}>
                        <td>
                          <Outside to={worker.ui_url} text={worker.host} />
                        </td>
                        <td>
                          <State state={worker.state} />
                        </td>
                        <td>
                          <Meter label={`Cores in use on ${worker.host}`} used={worker.cores_used} total={worker.cores} text={`${count(worker.cores_used)} of ${count(worker.cores)}`} />
                        </td>
                        <td>
                          <Meter label={`Memory in use on ${worker.host}`} used={worker.memory_used} total={worker.memory} text={`${size(worker.memory_used)} of ${size(worker.memory)}`} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </section>
          <section>
            <h2>{plural(cluster.masters.length, "master", "masters")}</h2>
            <ul class="plain-list">
              {cluster.masters.map((master) => (
                <li key={master.host}>
                  {master.host} <State state={master.status} />
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  );
}
