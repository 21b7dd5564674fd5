import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../shared/clock/clock.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { DenoFileSystem } from "../../host/deno_file_system.ts";
import { DenoHost } from "../../host/deno_host.ts";
import { runtimeContract, type RuntimeUnderTest, testContainer } from "../contract_suite.ts";
import type { RuntimeService } from "../runtime_service.ts";
import { PodmanRuntime } from "./podman_runtime.ts";
import { busyboxImage } from "./test_image.ts";

const host = new DenoHost({ pluginDirectories: ["/bin"] });
const files = new DenoFileSystem();

async function open(): Promise<RuntimeUnderTest | { skip: string }> {
  if (Deno.uid() !== 0) return { skip: "Podman tests need root" };
  if (!await host.has("podman")) return { skip: "podman is not installed" };
  const directory = await Deno.makeTempDir({ prefix: "coracle-podman-" });
  const options = { storageDir: `${directory}/root`, runDir: `${directory}/run` };
  const runtime = new PodmanRuntime(options, { host, files, clock: systemClock, log: silentLog });
  const close = async () => {
    await runtime.close();
    await removeStorage(directory);
  };
  await runtime.open();
  const image = await busyboxImage(host, options);
  if (!image) {
    await close();
    return { skip: "no static busybox to make an image of" };
  }
  return { runtime, image, directory, close };
}

runtimeContract("PodmanRuntime", open);

Deno.test({
  name: "PodmanRuntime writes the log in CRI format, with limits, mounts and no traces of Podman",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const under = await open();
    if ("skip" in under) return console.log(`skipped: ${under.skip}`);
    const { runtime, directory } = under;
    try {
      await files.write(`${directory}/hosts`, "10.0.0.1 somewhere\n", { mode: 0o644 });
      const script = "echo out; echo err >&2; cat /etc/hosts; env; id -u";
      const config = testContainer(under, ["sh", "-c", script], {
        mounts: [{ source: `${directory}/hosts`, target: "/etc/hosts", readOnly: true }],
        resources: { cpuShares: 102, cpuQuota: 20000, cpuPeriod: 100000, memoryBytes: 64 << 20 },
      });
      const withUser = { ...config, security: { ...config.security, user: "1000:1000" } };
      const id = await runtime.create(withUser);
      await runtime.start(id);
      await ended(runtime, id);
      const log = new TextDecoder().decode(await files.read(config.logPath));
      assert.match(log, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00 stdout F out$/m);
      assert.match(log, /stderr F err$/m);
      assert.match(log, /stdout F 10\.0\.0\.1 somewhere$/m);
      assert.match(log, /stdout F GREETING=hello$/m);
      assert.match(log, /stdout F 1000$/m);
      assert.doesNotMatch(log, /container=podman/);
    } finally {
      for (const { id } of await runtime.list()) await runtime.remove(id);
      await under.close();
    }
  },
});

Deno.test({
  name: "PodmanRuntime lists images from memory until somebody changes one",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const under = await open();
    if ("skip" in under) return console.log(`skipped: ${under.skip}`);
    const { runtime, image, directory } = under;
    const following = new AbortController();
    const names = async () => (await runtime.listImages()).flatMap(({ names }) => names);
    try {
      const events = runtime.events(following.signal)[Symbol.asyncIterator]();
      await events.next();
      void events.next().catch(() => {});
      const first = await runtime.listImages();
      assert.equal(await runtime.listImages(), first, "nothing has changed");
      const storage = ["--root", `${directory}/root`, "--runroot", `${directory}/run/storage`];
      const podman = [...storage, "--tmpdir", `${directory}/run/libpod`];
      const env = { CONTAINERS_CONF: `${directory}/run/containers.conf` };
      await host.output("podman", [...podman, "tag", image, "localhost/other:1"], { env });
      while (!(await names()).includes("localhost/other:1")) await sleep(systemClock, 50);
    } finally {
      following.abort();
      await under.close();
    }
  },
});

async function ended(runtime: RuntimeService, id: string): Promise<void> {
  const controller = new AbortController();
  for await (const _event of runtime.events(controller.signal)) {
    const state = (await runtime.list()).find((candidate) => candidate.id === id);
    if (state?.state === "exited") break;
  }
  controller.abort();
}

/** Podman's clean-up of the last container runs on for a moment and may mount the store again. */
async function removeStorage(directory: string): Promise<void> {
  for (let tries = 0;; tries++) {
    await host.run("umount", ["-l", `${directory}/root/overlay`]);
    try {
      return await files.remove(directory);
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(systemClock, 50);
    }
  }
}
