/**
 * `coracle up` and its kin as a user runs them, in a network namespace of this run's own: the demo, a second `up`,
 * `down`, and an `uninstall` that leaves nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { output } from "./harness/command.ts";
import { Machine } from "./harness/machine.ts";
import { findRequirements } from "./harness/requirements.ts";

const { missing } = await findRequirements();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;
Deno.test({
  name: `e2e: coracle up --demo, up, down, up and uninstall do what they say${skipped}`,
  ignore: missing !== undefined,
  async fn() {
    const directory = await Deno.makeTempDir();
    const machine = new Machine(directory);
    try {
      await machine.make();
      await showDemo(machine);
      await repeatUp(machine);
      await takeDownAndUp(machine);
      await removeAll(machine);
    } catch (error) {
      console.log(await machine.lastWords());
      throw error;
    } finally {
      await machine.unmake();
      await Deno.remove(directory, { recursive: true });
    }
  },
});

async function showDemo(machine: Machine): Promise<void> {
  const { code, stdout, stderr } = await machine.up("--demo");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ +\d+\.\d\d s {2}Server is ready at https:\/\/10\.99\.0\.1:16443 /m);
  assert.match(stdout, /^ +\d+\.\d\d s {2}Node up-\w+ is ready/m);
  assert.match(stdout, /^ {2}Hello from Coracle!$/m);
  assert.match(stdout, /^ {2}export KUBECONFIG=.*\/data with blanks\/admin\.kubeconfig$/m);
  const { mode } = await Deno.stat(`${machine.dataDir}/admin.kubeconfig`);
  assert.equal(mode! & 0o777, 0o600);
  const left = (await machine.coracle("token", "list")).stdout.trim().split("\n");
  assert.equal(left.length, 1, "the machine's own join token is taken back");
}

async function repeatUp(machine: Machine): Promise<void> {
  const before = await machine.containers();
  const { code, stdout } = await machine.up();
  assert.equal(code, 0);
  assert.match(stdout, /Server runs already \(process \d+\)$/m);
  assert.match(stdout, /Agent runs already \(process \d+\)$/m);
  assert.match(
    (await machine.up("--max-pods", "50")).stdout,
    /Agent runs already .* other settings/,
  );
  assert.deepEqual(await machine.containers(), before);
  const status = await machine.coracle("status");
  assert.equal(status.code, 0);
  assert.match(status.stdout, /^nodes +1 of 1 ready$/m);
}

async function takeDownAndUp(machine: Machine): Promise<void> {
  const before = await machine.containers();
  assert.equal((await machine.coracle("down")).code, 0);
  assert.equal((await machine.coracle("status")).code, 1);
  assert.deepEqual(await machine.containers(), before, "containers go on without us");
  assert.equal((await machine.up()).code, 0);
  assert.deepEqual(await machine.containers(), before, "containers are taken over");
}

async function removeAll(machine: Machine): Promise<void> {
  const refused = await machine.coracle("uninstall");
  assert.equal(refused.code, 2, "nobody can be asked");
  const { code, stdout } = await machine.coracle("uninstall", "--yes");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^Nothing of Coracle is left\.$/m);
  await assert.rejects(Deno.stat(machine.dataDir), Deno.errors.NotFound);
  assert.doesNotMatch(await output(machine.inside("ip", "address")), /coracle|169\.254/);
  assert.doesNotMatch(await output(machine.inside("iptables-save")), /KUBE|CORACLE/);
}
