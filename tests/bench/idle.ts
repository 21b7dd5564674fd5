import { locateProgram } from "../../cli/program.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { output } from "../e2e/harness/command.ts";
import { importImage, packImage, testImage } from "../e2e/harness/image.ts";
import { processesWith } from "../e2e/harness/leftovers.ts";
import { Machine } from "../e2e/harness/machine.ts";
import { findRequirements } from "../e2e/harness/requirements.ts";
import type { BenchOptions } from "./bench_options.ts";
import { type IdlePart, idleReport } from "./idle_report.ts";
import { machineFacts } from "./machine.ts";
import { totalUsage, type Usage, usageOf } from "./process_usage.ts";

const PODS = 10;
/** What a start and ten new pods leave to be done takes so long to be done. */
const SETTLE_MS = 60_000;

/** `coracle up` with ten pods at rest, in a network namespace of its own; resolves to a section of BENCHMARKS.md. */
export async function benchIdle(options: BenchOptions): Promise<string> {
  const { missing } = await findRequirements();
  if (missing !== undefined) throw new Error(`Cannot run a node here: ${missing}`);
  const directory = await Deno.makeTempDir({ dir: options.directory, prefix: "coracle-idle-" });
  const facts = machineFacts(directory, systemClock);
  const machine = new Machine(directory);
  try {
    await machine.make();
    await startPods(machine, directory);
    console.log(`${PODS} pods run; measuring for ${options.minutes} minutes`);
    await rest(SETTLE_MS);
    const before = await look(machine);
    const begun = systemClock.monotonic();
    await rest(options.minutes * 60_000);
    const minutes = (systemClock.monotonic() - begun) / 60_000;
    const after = await look(machine);
    return idleReport({
      command: options.command,
      machine: facts,
      minutes,
      pods: PODS,
      parts: partsOf(before.parts, after.parts),
      grownKb: after.storedKb - before.storedKb,
    });
  } catch (error) {
    console.log(await machine.lastWords());
    throw error;
  } finally {
    await machine.unmake();
    await Deno.remove(directory, { recursive: true });
  }
}

async function startPods(machine: Machine, directory: string): Promise<void> {
  const { code, stderr } = await machine.up();
  if (code !== 0) throw new Error(`coracle up ended with code ${code}: ${stderr}`);
  const archive = `${directory}/image.tar`;
  await packImage(archive);
  await importImage(machine.podman(), archive);
  const { deno, root } = locateProgram();
  const script = new URL("rest_pods.ts", import.meta.url).pathname;
  const args = [`${machine.dataDir}/admin.kubeconfig`, testImage, String(PODS)];
  const line = machine.inside(deno, "run", "-A", `--config=${root}/deno.json`, script, ...args);
  await output(line, { timeoutMs: 180_000 });
}

/** Everything that works for the cluster now. */
async function look(machine: Machine) {
  const parts = new Map<IdlePart["name"], Usage[]>();
  for (const { pid, line } of await processesWith([machine.dataDir])) {
    const name = partOf(line);
    if (name) parts.set(name, [...parts.get(name) ?? [], usageOf(pid)]);
  }
  const used = await output(["du", "-xsk", machine.dataDir]);
  return { parts, storedKb: parseInt(used) };
}

/** What a process is by its command line; undefined for the programs that come and go, whose time their parents have. */
function partOf(line: string): IdlePart["name"] | undefined {
  if (line.includes("/control/main.ts")) return "server";
  if (line.includes("/node/main.ts")) return "agent";
  if (/^\S*conmon /.test(line)) return "conmon";
  return /^\S*podman .* system service/.test(line) ? "podman" : undefined;
}

function partsOf(
  before: ReadonlyMap<IdlePart["name"], Usage[]>,
  after: ReadonlyMap<IdlePart["name"], Usage[]>,
): IdlePart[] {
  return [...after].map(([name, usages]) => ({
    name,
    processes: usages.length,
    before: totalUsage(before.get(name) ?? []),
    after: totalUsage(usages),
  }));
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
