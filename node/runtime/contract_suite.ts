import assert from "node:assert/strict";
import type { ContainerConfig, ContainerState, RuntimeService } from "./runtime_service.ts";
import { labelNames, RuntimeError } from "./runtime_service.ts";

/** A runtime to put through its paces. */
export interface RuntimeUnderTest {
  readonly runtime: RuntimeService;
  /** An image with `sh`, `sleep`, `cat`, `echo`. */
  readonly image: string;
  /** An existing directory for logs. */
  readonly directory: string;
  close(): Promise<void>;
}

/**
 * Registers the tests that every RuntimeService passes. `open` is called for each test; it answers with a reason
 * where this machine cannot run that runtime, and the reason is printed.
 */
export function runtimeContract(
  name: string,
  open: () => Promise<RuntimeUnderTest | { readonly skip: string }>,
): void {
  for (const [title, body] of Object.entries(behaviours)) {
    Deno.test({
      name: `${name} ${title}`,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const opened = await open();
        if ("skip" in opened) return console.log(`skipped: ${opened.skip}`);
        try {
          await body(opened);
        } finally {
          await removeAll(opened.runtime);
          await opened.close();
        }
      },
    });
  }
}

async function removeAll(runtime: RuntimeService): Promise<void> {
  for (const { id } of await runtime.list()) await runtime.remove(id);
}

let names = 0;

/** A small container of pod `uid`. */
export function testContainer(
  under: RuntimeUnderTest,
  command: readonly string[],
  more: Partial<ContainerConfig> = {},
): ContainerConfig {
  const name = `contract-${names++}`;
  return {
    name,
    image: under.image,
    command,
    env: { GREETING: "hello" },
    labels: { [labelNames.podUid]: "uid-1", [labelNames.containerName]: "main" },
    mounts: [],
    devices: [],
    namespaces: { network: "host", ipc: "private", pid: "private" },
    resources: {},
    security: {
      privileged: false,
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      groups: [],
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: "Unconfined",
      unmaskProc: false,
      sysctls: {},
    },
    logPath: `${under.directory}/${name}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    cgroupParent: "/coracle-test",
    ...more,
  };
}

async function started(under: RuntimeUnderTest, config: ContainerConfig): Promise<string> {
  const id = await under.runtime.create(config);
  await under.runtime.start(id);
  return id;
}

async function only(runtime: RuntimeService, id: string): Promise<ContainerState> {
  const found = (await runtime.list()).find((state) => state.id === id);
  assert.ok(found, "the container is listed");
  return found;
}

/** Waits for the event that says it has ended. */
async function ended(runtime: RuntimeService, id: string): Promise<ContainerState> {
  const controller = new AbortController();
  for await (const event of runtime.events(controller.signal)) {
    if (event.type !== "resync" && event.id !== id) continue;
    if ((await only(runtime, id)).state === "exited") break;
  }
  controller.abort();
  return await only(runtime, id);
}

const behaviours: Record<string, (under: RuntimeUnderTest) => Promise<void>> = {
  async "create() then start() runs, and the end is seen with its exit code"(under) {
    const { runtime } = under;
    const id = await runtime.create(testContainer(under, ["sh", "-c", "exit 3"]));
    assert.equal((await only(runtime, id)).state, "created");
    await runtime.start(id);
    const state = await ended(runtime, id);
    assert.equal(state.exitCode, 3);
    assert.ok(state.startedAt > 0 && state.finishedAt >= state.startedAt);
    assert.equal(state.labels[labelNames.containerName], "main");
  },

  async "create() refuses a name in use with Conflict"(under) {
    const config = testContainer(under, ["sleep", "60"]);
    await under.runtime.create(config);
    await assert.rejects(under.runtime.create(config), /already in use/);
  },

  async "start() rejects when the program does not exist"(under) {
    const id = await under.runtime.create(testContainer(under, ["/no-such-program"]));
    await assert.rejects(under.runtime.start(id), /no such file/i);
  },

  async "list() of a pod leaves other pods out"(under) {
    const other = { labels: { [labelNames.podUid]: "uid-2" } };
    const id = await under.runtime.create(testContainer(under, ["sleep", "60"]));
    await under.runtime.create(testContainer(under, ["sleep", "60"], other));
    assert.deepEqual((await under.runtime.list("uid-1")).map((state) => state.id), [id]);
    assert.equal((await under.runtime.list()).length, 2);
  },

  async "stop() ends a container and may be repeated"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    await under.runtime.stop(id, 0);
    const state = await only(under.runtime, id);
    assert.equal(state.state, "exited");
    assert.equal(state.exitCode, 137);
    await under.runtime.stop(id, 0);
    await under.runtime.stop("0".repeat(63) + "f", 0);
  },

  async "stop() kills what ignores the stop signal once the grace period is over"(under) {
    const script = "trap '' TERM; while true; do sleep 1; done";
    const id = await started(under, testContainer(under, ["sh", "-c", script]));
    await under.runtime.stop(id, 500);
    const state = await only(under.runtime, id);
    assert.equal(state.state, "exited");
    assert.equal(state.exitCode, 137);
  },

  async "remove() removes a running container and may be repeated"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    await under.runtime.remove(id);
    assert.deepEqual(await under.runtime.list(), []);
    await under.runtime.remove(id);
  },

  async "exec() gives exit code and output"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    const result = await under.runtime.exec(id, ["sh", "-c", "echo out; exit 7"], 10_000);
    assert.deepEqual(result, { exitCode: 7, output: "out\n" });
  },

  async "exec() in a container that has ended is NotRunning"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    await under.runtime.stop(id, 0);
    await assert.rejects(
      under.runtime.exec(id, ["true"], 1000),
      (error: unknown) => error instanceof RuntimeError && error.code === "NotRunning",
    );
  },

  async "execStream() carries input, its end, and the exit code"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    const options = { stdin: true, stdout: true, stderr: true, tty: false };
    const stream = await under.runtime.execStream(id, ["cat"], options);
    const output = new Response(stream.stdout).text();
    const errors = new Response(stream.stderr).text();
    const writer = stream.stdin.getWriter();
    await writer.write(new TextEncoder().encode("through"));
    await writer.close();
    assert.equal(await output, "through");
    assert.equal(await errors, "");
    assert.equal(await stream.exit, 0);
  },

  async "events() tell of start and end, and which pod"(under) {
    const controller = new AbortController();
    const seen: string[] = [];
    const events = under.runtime.events(controller.signal)[Symbol.asyncIterator]();
    assert.equal((await events.next()).value?.type, "resync");
    const id = await started(under, testContainer(under, ["sh", "-c", "exit 0"]));
    while (seen.length < 2) {
      const { value } = await events.next();
      if (value && value.type !== "resync" && value.id === id) {
        seen.push(`${value.type} ${value.podUid}`);
      }
    }
    controller.abort();
    assert.deepEqual(seen, ["started uid-1", "died uid-1"]);
  },

  async "find() knows the image by short and full name, and nothing else"(under) {
    const found = await under.runtime.find(under.image);
    assert.match(found?.id ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(await under.runtime.find("localhost/no-such-image:1"), undefined);
  },

  async "stats() leaves out what does not run"(under) {
    const id = await started(under, testContainer(under, ["sleep", "60"]));
    const [stats] = await under.runtime.stats([id]);
    assert.equal(stats?.id, id);
    assert.ok(stats.memoryBytes > 0);
  },
};
