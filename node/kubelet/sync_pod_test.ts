import assert from "node:assert/strict";
import type { Container, Pod, PodSpec } from "../../shared/api/core/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import { BackOff } from "./back_off.ts";
import { goDuration, planPod, type PodView, shouldRestart } from "./sync_pod.ts";

const NOW = 1_000_000;

function pod(spec: Partial<PodSpec>): Pod {
  const metadata = { namespace: "shop", name: "web", uid: "u1" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [], ...spec } };
}

const app = (name: string, more: Partial<Container> = {}) => ({ name, image: "img", ...more });

/** `name attempt state [exit code] [@sandbox]`, e.g. `main 0 exited 1 @old`. */
function run(text: string): ContainerState {
  const [name = "", attempt = "0", state = "running", ...rest] = text.split(" ");
  const sandbox = rest.find((word) => word.startsWith("@"))?.slice(1) ?? "now";
  return {
    id: text,
    name: text,
    labels: {
      [labelNames.containerName]: name,
      [labelNames.attempt]: attempt,
      [labelNames.sandbox]: sandbox,
      [labelNames.image]: "img",
    },
    state: state as ContainerState["state"],
    createdAt: NOW - 1000,
    startedAt: NOW - 1000,
    finishedAt: state === "exited" ? NOW - 500 : 0,
    exitCode: Number(rest.find((word) => /^\d+$/.test(word)) ?? 0),
    oomKilled: false,
    image: "img",
    imageId: "sha256:1",
    logPath: "",
    pid: 1,
  };
}

interface Case {
  readonly title: string;
  readonly spec: Partial<PodSpec>;
  readonly runs: readonly string[];
  readonly sandbox?: boolean;
  readonly more?: Partial<PodView>;
  /** `+name/attempt` starts, `-name` stops, `~name` waits, `sandbox` makes one. */
  readonly want: string;
}

const init = [app("one"), app("two")];
const sidecar = app("proxy", { restartPolicy: "Always" });
const two = [app("a"), app("b")];

const cases: readonly Case[] = [
  {
    title: "a new pod gets a sandbox and all its apps",
    spec: { containers: two },
    runs: [],
    sandbox: false,
    want: "sandbox +a/0 +b/0",
  },
  {
    title: "only the first init container begins",
    spec: { containers: two, initContainers: init },
    runs: [],
    sandbox: false,
    want: "sandbox +one/0",
  },
  {
    title: "the next begins when the one before succeeded",
    spec: { containers: two, initContainers: init },
    runs: ["one 0 exited 0"],
    want: "+two/0",
  },
  {
    title: "apps begin when all have succeeded",
    spec: { containers: two, initContainers: init },
    runs: ["one 0 exited 0", "two 1 exited 0"],
    want: "+a/0 +b/0",
  },
  {
    title: "a failed init container is tried again",
    spec: { containers: two, initContainers: init },
    runs: ["one 0 exited 1"],
    want: "+one/1",
  },
  {
    title: "a failed init container ends a pod that must not restart",
    spec: { containers: two, initContainers: init, restartPolicy: "Never" },
    runs: ["one 0 exited 1"],
    want: "",
  },
  {
    title: "init containers do not run again once apps have begun",
    spec: { containers: two, initContainers: init },
    runs: ["a 0 running"],
    want: "+b/0",
  },
  {
    title: "a missing app is started next to a running one",
    spec: { containers: two },
    runs: ["a 0 running"],
    want: "+b/0",
  },
  {
    title: "a pod with everything running needs nothing",
    spec: { containers: two },
    runs: ["a 0 running", "b 3 running"],
    want: "",
  },
  {
    title: "an app that ended well is restarted under Always",
    spec: { containers: two },
    runs: ["a 2 exited 0", "b 0 running"],
    want: "+a/3",
  },
  {
    title: "an app that ended well is not restarted under OnFailure",
    spec: { containers: two, restartPolicy: "OnFailure" },
    runs: ["a 0 exited 0", "b 0 exited 1"],
    want: "+b/1",
  },
  {
    title: "nothing is restarted under Never",
    spec: { containers: two, restartPolicy: "Never" },
    runs: ["a 0 exited 0", "b 0 exited 1"],
    want: "",
  },
  {
    title: "one that never started counts as failed",
    spec: { containers: [app("a")] },
    runs: ["a 0 created"],
    want: "+a/1",
  },
  {
    title: "a lost sandbox restarts what ran, initialization first",
    spec: { containers: two, initContainers: init },
    runs: ["one 0 exited 0 @old", "two 0 exited 0 @old", "a 0 exited 255 @old"],
    sandbox: false,
    want: "sandbox +one/1",
  },
  {
    title: "a lost sandbox is not made again for a pod that must not restart",
    spec: { containers: two, restartPolicy: "Never" },
    runs: ["a 0 exited 137 @old", "b 0 exited 0 @old"],
    sandbox: false,
    want: "",
  },
  {
    title: "a lost sandbox does not repeat work that was done",
    spec: { containers: two, restartPolicy: "OnFailure" },
    runs: ["a 0 exited 0 @old", "b 0 exited 137 @old"],
    sandbox: false,
    want: "sandbox +b/1",
  },
  {
    title: "containers of a lost sandbox are stopped",
    spec: { containers: [app("a")] },
    runs: ["a 0 running @old"],
    sandbox: false,
    want: "sandbox -a +a/1",
  },
  {
    title: "containers that the pod no longer has are stopped",
    spec: { containers: [app("a")] },
    runs: ["a 0 running", "gone 0 running"],
    want: "-gone",
  },
  {
    title: "a sidecar is started before what follows it",
    spec: { containers: [app("a")], initContainers: [sidecar, app("one")] },
    runs: [],
    want: "+proxy/0",
  },
  {
    title: "what follows a started sidecar begins beside it",
    spec: { containers: [app("a")], initContainers: [sidecar, app("one")] },
    runs: ["proxy 0 running"],
    want: "+one/0",
  },
  {
    title: "a sidecar that ends is restarted while apps run",
    spec: { containers: [app("a")], initContainers: [sidecar] },
    runs: ["proxy 0 exited 0", "a 0 running"],
    want: "+proxy/1",
  },
  {
    title: "sidecars end with the last app",
    spec: { containers: [app("a")], initContainers: [sidecar], restartPolicy: "Never" },
    runs: ["proxy 0 running", "a 0 exited 0"],
    want: "-proxy",
  },
  {
    title: "a sidecar is not restarted after the last app",
    spec: { containers: [app("a")], initContainers: [sidecar], restartPolicy: "Never" },
    runs: ["proxy 0 exited 137", "a 0 exited 0"],
    want: "",
  },
  {
    title: "sidecars end when initialization has failed for good",
    spec: { containers: [app("a")], initContainers: [sidecar, app("one")], restartPolicy: "Never" },
    runs: ["proxy 0 running", "one 0 exited 1"],
    want: "-proxy",
  },
  {
    title: "an ephemeral container is started once",
    spec: { containers: [app("a")], ephemeralContainers: [app("debug")] },
    runs: ["a 0 running"],
    want: "+debug/0",
  },
  {
    title: "an ephemeral container that ended stays ended",
    spec: { containers: [app("a")], ephemeralContainers: [app("debug")] },
    runs: ["a 0 running", "debug 0 exited 1"],
    want: "",
  },
  {
    title: "a new image replaces the container",
    spec: { containers: [app("a", { image: "new" })] },
    runs: ["a 0 running"],
    want: "-a",
  },
  {
    title: "a failed liveness probe ends the container",
    spec: { containers: [app("a")] },
    runs: ["a 0 running"],
    more: { probes: { isStarted: () => true, failed: () => "liveness" } },
    want: "-a",
  },
  {
    title: "a sidecar that has not started holds up the apps",
    spec: { containers: [app("a")], initContainers: [sidecar] },
    runs: ["proxy 0 running"],
    more: { probes: { isStarted: () => false, failed: () => undefined } },
    want: "",
  },
  {
    title: "a container in back-off waits",
    spec: { containers: two },
    runs: ["a 1 exited 1", "b 0 running"],
    more: { backOff: () => ({ until: NOW + 5000, lengthMs: 10_000 }) },
    want: "~a",
  },
];

for (const { title, spec, runs, sandbox = true, more, want } of cases) {
  Deno.test(`planPod(): ${title}`, () => {
    const plan = planPod({
      pod: pod(spec),
      sandboxId: sandbox ? "now" : undefined,
      containers: runs.map(run),
      probes: { isStarted: () => true, failed: () => undefined },
      backOff: (_container, endedAt) => ({ until: endedAt, lengthMs: 0 }),
      now: NOW,
      ...more,
    });
    const text = [
      ...(plan.createSandbox ? ["sandbox"] : []),
      ...plan.stop.map(({ name }) => `-${name}`),
      ...plan.start.map(({ container, attempt }) => `+${container.name}/${attempt}`),
      ...[...plan.waiting.keys()].map((name) => `~${name}`),
    ].join(" ");
    assert.equal(text, want);
  });
}

Deno.test("shouldRestart() lets a container's own rules go before the pod's policy", () => {
  const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
  const container = app("a", { restartPolicy: "Never", restartPolicyRules: rules });
  const one = { container, type: "app" as const };
  assert.equal(shouldRestart(pod({}), one, 42), true);
  assert.equal(shouldRestart(pod({}), one, 1), false);
});

Deno.test("BackOff starts at nothing, doubles to its longest and recovers", async () => {
  const clock = new FakeClock();
  const backOff = new BackOff(clock);
  const lengths: number[] = [];
  for (let tries = 0; tries < 8; tries++) {
    lengths.push(backOff.waitOf("k", clock.now()).lengthMs / 1000);
    backOff.next("k");
    await clock.advance(1000);
  }
  assert.deepEqual(lengths, [0, 10, 20, 40, 80, 160, 300, 300]);
  await clock.advance(700_000);
  assert.equal(backOff.waitOf("k", clock.now()).lengthMs, 0);
});

Deno.test("goDuration() prints as Go does", () => {
  assert.deepEqual([10_000, 80_000, 300_000].map(goDuration), ["10s", "1m20s", "5m0s"]);
});
