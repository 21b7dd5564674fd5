import assert from "node:assert/strict";
import { FakeFileSystem } from "../../node/host/fake_file_system.ts";
import { FakeHost } from "../../node/host/fake_host.ts";
import { checkMachine } from "./machine_check.ts";

async function machine(options: { uid?: number; lacks?: string; refuses?: string } = {}) {
  const host = new FakeHost(({ args }) =>
    options.refuses && args.join(" ").includes(options.refuses)
      ? { code: 2, stderr: "Operation not supported\n" }
      : ""
  );
  host.has = (program?: string) => Promise.resolve(program !== options.lacks);
  const files = new FakeFileSystem();
  await files.makeDirectory("/usr/lib/cni");
  for (const plugin of ["bridge", "host-local", "portmap", "loopback"]) {
    if (plugin !== options.lacks) await files.write(`/usr/lib/cni/${plugin}`, "");
  }
  return { host, files, uid: options.uid ?? 0 };
}

Deno.test("checkMachine() finds nothing wrong with a machine that has all, and tries only inside a namespace", async () => {
  const it = await machine();
  assert.equal(await checkMachine(it), undefined);
  for (const line of it.host.lines) assert.match(line, /^unshare --net -- /);
});

const obstacles: readonly [Parameters<typeof machine>[0], RegExp][] = [
  [{ uid: 1000 }, /needs root/],
  [{ lacks: "podman" }, /^not installed: podman$/],
  [{ lacks: "portmap" }, /^not installed: containernetworking-plugins$/],
  [{ refuses: "type veth" }, /no veth devices \(Operation not supported\)/],
  [{ refuses: "type bridge" }, /no bridges/],
  [{ refuses: "-t nat" }, /no address translation by iptables/],
];
for (const [state, problem] of obstacles) {
  Deno.test(`checkMachine() says what is wrong and what to do: ${JSON.stringify(state)}`, async () => {
    const obstacle = await checkMachine(await machine(state));
    assert.match(obstacle?.problem ?? "", problem);
    assert.ok(obstacle?.remedy);
  });
}

Deno.test("checkMachine() does with one of crun and runc", async () => {
  assert.equal(await checkMachine(await machine({ lacks: "crun" })), undefined);
});
