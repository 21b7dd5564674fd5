/**
 * Measures the scheduler alone, on an API in memory, with the kinds of cases of kube-scheduler's scheduler_perf:
 * `deno run -A tests/scheduler_perf/main.ts [--write] [NAME …]`. `--write` renews RESULTS.md.
 *
 * @module
 */
import { resources } from "../../shared/client/resources.gen.ts";
import { settle } from "../../shared/clock/fake_clock.ts";
import { Harness, makeNode, makePod } from "../../control/scheduler/testing/harness.ts";
import { cases, type PerformanceCase } from "./cases.ts";

const names = Deno.args.filter((word) => !word.startsWith("--"));
const rows: string[] = [];
for (const given of cases) {
  if (names.length > 0 && !names.includes(given.name)) continue;
  const row = await measure(given);
  console.log(row);
  rows.push(row);
}
if (Deno.args.includes("--write")) await Deno.writeTextFile(resultsPath(), page(rows));

async function measure(given: PerformanceCase): Promise<string> {
  const harness = await prepared(given);
  const bound = () => harness.api.writes.filter((write) => write.startsWith("bind ")).length;
  const already = bound();
  const started = performance.now();
  for (let index = 0; index < given.measured; index++) {
    given.churn?.(harness, index);
    harness.api.put(resources.pods, makePod(`new-${index}`, given.pod(index)));
    // Pods come one after the other, not all at once: every hundred the scheduler has its turn.
    if (index % 100 === 99) await harness.advance(0);
  }
  for (let turn = 0; bound() - already < given.measured && turn < 400; turn++) {
    await harness.advance(turn < 50 ? 0 : 1000);
  }
  const seconds = (performance.now() - started) / 1000;
  const placed = bound() - already;
  await harness.stop();
  const rate = Math.round(placed / seconds);
  const { name, nodes, before, measured } = given;
  return `| ${name} | ${nodes} | ${before} | ${placed} of ${measured} | ${rate} | ${
    seconds.toFixed(2)
  } |`;
}

async function prepared(given: PerformanceCase): Promise<Harness> {
  const harness = new Harness();
  harness.api.gracefulPods = false;
  for (let index = 0; index < given.nodes; index++) {
    const labels = { "topology.kubernetes.io/zone": `zone-${index % 3}` };
    harness.api.put(resources.nodes, makeNode(`node-${index}`, { labels }));
  }
  for (let index = 0; index < given.before; index++) {
    const options = (given.beforePod ?? given.pod)(index);
    const nodeName = options.nodeName ?? `node-${index % given.nodes}`;
    harness.api.put(resources.pods, makePod(`old-${index}`, { ...options, nodeName }));
  }
  await harness.start();
  await settle();
  return harness;
}

function resultsPath(): string {
  return new URL("RESULTS.md", import.meta.url).pathname;
}

function page(rows: readonly string[]): string {
  return `# The scheduler alone, at 5000 nodes

The kinds of cases of kube-scheduler's scheduler_perf, on an API in memory: decisions, queue, cache and reports, without a
server. The clock is the machine's; two busy cores were shared with other work, so read the numbers as "at least".

\`deno run -A --no-check tests/scheduler_perf/main.ts --write\`

| case | nodes | pods before | pods placed | pods/s | seconds |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}
