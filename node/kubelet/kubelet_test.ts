import assert from "node:assert/strict";
import type { ContainerStatus, Node, Pod, PodSpec } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { createInformerSet } from "../../shared/informer/informer_set.ts";
import { silentLog } from "../../shared/log/log.ts";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { FakeHost } from "../host/fake_host.ts";
import { FakePodNetwork } from "../network/fake_pod_network.ts";
import { FakeRuntime } from "../runtime/fake/fake_runtime.ts";
import { FakeApi, FakeEvents } from "./fake_api.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";

/** A node with everything around it faked; what is on it outlives each kubelet that is started. */
class TestNode {
  readonly clock = new FakeClock();
  readonly api = new FakeApi();
  readonly events = new FakeEvents();
  readonly files = new FakeFileSystem();
  readonly host = new FakeHost();
  readonly network = new FakePodNetwork();
  /** What exec answers, by the command's first word. */
  readonly execs = new Map<string, number>();
  readonly runtime = new FakeRuntime(this.clock, {
    exec: async (_config, [word = ""]) => {
      const exitCode = this.execs.get(word) ?? 0;
      return { exitCode, output: exitCode === 0 ? "" : `${word} failed` };
    },
  });
  #kubelet: Kubelet | undefined;
  #stopInformers = () => {};

  constructor() {
    this.runtime.addImage("localhost/app");
    this.files.put("/proc/sys/kernel/random/boot_id", "boot-1");
    this.files.put("/proc/cpuinfo", "processor : 0\nprocessor : 1\n");
    this.files.put("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n");
    this.files.put("/proc/self/mountinfo", "");
    this.files.put("/etc/resolv.conf", "nameserver 192.0.2.53\n");
  }

  async start(): Promise<void> {
    const { clock, api } = this;
    const random = seededRandom(1);
    const informers = createInformerSet(api, { clock, random, log: silentLog });
    this.#stopInformers = () => informers.stop();
    let started: Kubelet | undefined;
    const starting = startKubelet({
      nodeName: "n1",
      dataDir: "/data",
      client: api,
      informers,
      clock,
      random,
      log: silentLog,
      host: this.host,
      files: this.files,
      runtime: this.runtime,
      network: this.network,
      events: this.events,
      nodeIps: ["192.0.2.1"],
      clusterDns: ["10.43.0.10"],
      clusterDomain: "cluster.local",
      version: "v1.37.0",
      podLogsDir: "/logs",
    }).then((kubelet) => started = kubelet);
    while (!started) await clock.advance(0);
    await starting;
    this.#kubelet = started;
    await clock.advance(10);
  }

  async stop(): Promise<void> {
    const stopping = this.#kubelet?.stop();
    this.#stopInformers();
    this.api.disconnect();
    await this.clock.advance(0);
    await stopping;
    this.api.down = false;
  }

  async create(name: string, spec: Partial<PodSpec>, more: Partial<Pod> = {}): Promise<void> {
    this.api.put(resources.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "shop", name, uid: `uid-${name}` },
      spec: { nodeName: "n1", containers: [], ...spec },
      ...more,
    });
    await this.pass(0);
  }

  /** Lets time pass in steps, so that what falls due can cause more. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 500) await this.clock.advance(Math.min(500, left));
    await this.clock.advance(0);
  }

  pod(name: string): Pod | undefined {
    return this.api.peek(resources.pods, { namespace: "shop", name });
  }

  phase(name: string): string | undefined {
    return this.pod(name)?.status?.phase;
  }

  status(name: string, container: string): ContainerStatus {
    const { containerStatuses = [], initContainerStatuses = [] } = this.pod(name)?.status ?? {};
    const all = [...containerStatuses, ...initContainerStatuses];
    const found = all.find((status) => status.name === container);
    assert.ok(found, `${name} has a status for ${container}`);
    return found;
  }

  condition(name: string, type: string): string | undefined {
    return this.pod(name)?.status?.conditions?.find((one) => one.type === type)?.status;
  }

  said(reason: string): string[] {
    return this.events.lines.filter((line) => line.split(" ")[1] === reason);
  }
}

function test(title: string, body: (node: TestNode) => Promise<void>): void {
  Deno.test(`the kubelet ${title}`, async () => {
    const node = new TestNode();
    try {
      await node.start();
      await body(node);
    } finally {
      await node.stop();
    }
  });
}

const app = (name: string, ...script: string[]) => ({
  name,
  image: "localhost/app",
  command: script.length > 0 ? ["sh", "-c", ...script] : ["sleep", "1000"],
});

test("registers its node, reports it ready and renews its lease", async (node) => {
  const found: Node = await node.api.get(resources.nodes, { name: "n1" });
  assert.equal(found.metadata.labels?.["kubernetes.io/hostname"], "n1");
  assert.equal(found.status?.capacity?.["cpu"], "2");
  assert.equal(found.status?.allocatable?.["memory"], "4194304Ki");
  assert.equal(found.status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
  const ref = { namespace: "kube-node-lease", name: "n1" };
  const before = node.api.peek(resources.leases, ref)?.spec?.renewTime;
  await node.pass(11_000);
  assert.notEqual(node.api.peek(resources.leases, ref)?.spec?.renewTime, before);
  const statusWrites = node.api.writes.filter((line) => line === "patch status nodes/n1");
  assert.equal(statusWrites.length, 1, "an unchanged status is not written again");
});

test("runs a pod: init first, then the apps, and reports it ready", async (node) => {
  const order: string[] = [];
  void (async () => {
    const controller = new AbortController();
    for await (const event of node.runtime.events(controller.signal)) {
      if (event.type === "started") order.push(node.runtime.containers.get(event.id)!.config.name);
    }
  })();
  await node.create("web", {
    initContainers: [app("one", "exit 0"), app("two", "exit 0")],
    containers: [app("main"), app("side")],
  });
  await node.pass(1000);
  assert.deepEqual(order.map((name) => name.split("_")[1]), ["one", "two", "main", "side"]);
  assert.equal(node.phase("web"), "Running");
  for (const type of ["Initialized", "ContainersReady", "Ready", "PodReadyToStartContainers"]) {
    assert.equal(node.condition("web", type), "True", type);
  }
  assert.equal(node.pod("web")?.status?.podIP, "10.1.0.2");
  assert.equal(node.pod("web")?.status?.qosClass, "BestEffort");
  const { config } = node.runtime.containers.get(node.runtime.named("main")!.id)!;
  assert.equal(config.logPath, "/logs/shop_web_uid-web/main/0.log");
  assert.equal(config.namespaces.network, "/run/netns/uid-web");
  assert.match(
    node.files.text("/data/pods/uid-web/resolv.conf")!,
    /search shop\.svc\.cluster\.local/,
  );
});

test("restarts a failing container at once, then after 10 s, 20 s, 40 s", async (node) => {
  await node.create("web", { containers: [app("main", "exit 1")] });
  await node.pass(2000);
  assert.equal(node.status("web", "main").restartCount, 1);
  const { state, lastState } = node.status("web", "main");
  assert.equal(state?.waiting?.reason, "CrashLoopBackOff");
  assert.equal(
    state?.waiting?.message,
    "back-off 10s restarting failed container=main pod=web_shop(uid-web)",
  );
  assert.equal(lastState?.terminated?.exitCode, 1);
  assert.equal(lastState?.terminated?.reason, "Error");
  await node.pass(10_000);
  assert.equal(node.status("web", "main").restartCount, 2);
  await node.pass(15_000);
  assert.equal(node.status("web", "main").restartCount, 2);
  await node.pass(6000);
  assert.equal(node.status("web", "main").restartCount, 3);
  assert.equal(node.phase("web"), "Running");
  assert.equal(node.runtime.containers.size, 2, "only the newest two runs are kept");
});

test("ends a pod that must not restart as its containers end, and gives back what it held", async (node) => {
  await node.create("ok", { restartPolicy: "Never", containers: [app("main", "exit 0")] });
  await node.create("bad", { restartPolicy: "Never", containers: [app("main", "exit 3")] });
  await node.pass(2000);
  assert.equal(node.phase("ok"), "Succeeded");
  assert.equal(node.phase("bad"), "Failed");
  assert.equal(node.status("ok", "main").state?.terminated?.reason, "Completed");
  assert.equal(node.status("bad", "main").state?.terminated?.exitCode, 3);
  assert.equal(node.condition("ok", "PodReadyToStartContainers"), "False");
  assert.equal(node.network.states.size, 0);
  assert.equal(node.runtime.containers.size, 2, "containers stay for their logs");
});

test("fails a pod whose init container fails and must not be restarted", async (node) => {
  await node.create("web", {
    restartPolicy: "Never",
    initContainers: [app("init", "exit 1")],
    containers: [app("main")],
  });
  await node.pass(2000);
  assert.equal(node.phase("web"), "Failed");
  assert.equal(node.runtime.named("main"), undefined);
  assert.equal(node.status("web", "main").state?.waiting?.reason, "PodInitializing");
});

test("deletes a pod: stops it, removes everything, then its object", async (node) => {
  await node.create("web", { containers: [app("main")], volumes: [{ name: "v", emptyDir: {} }] });
  await node.pass(1000);
  await node.api.delete(resources.pods, { namespace: "shop", name: "web" });
  await node.pass(2000);
  assert.equal(node.pod("web"), undefined);
  assert.equal(node.runtime.containers.size, 0);
  assert.equal(node.network.states.size, 0);
  assert.deepEqual(await node.files.list("/data/pods"), []);
  assert.deepEqual(await node.files.list("/logs"), []);
  assert.deepEqual(await node.files.list("/data/checkpoint/pods"), []);
  const last = node.api.writes.filter((line) => line.endsWith("pods/web")).at(-1);
  assert.equal(last, "delete pods/web");
  assert.equal(node.said("Killing").length, 1);
});

test("gives a stubborn program its grace period, and no more when that is shortened", async (node) => {
  const stubborn = app("main", "trap '' TERM");
  await node.create("web", { containers: [stubborn] });
  await node.pass(1000);
  await node.api.delete(resources.pods, { namespace: "shop", name: "web" });
  await node.pass(20_000);
  assert.ok(node.pod("web"), "30 s have not passed");
  await node.api.delete(resources.pods, { namespace: "shop", name: "web" }, {
    gracePeriodSeconds: 2,
  });
  await node.pass(4000);
  assert.equal(node.pod("web"), undefined);
});

test("ends a pod that was deleted by force within seconds", async (node) => {
  await node.create("web", { containers: [app("main", "trap '' TERM")] });
  await node.pass(1000);
  node.api.remove(resources.pods, { namespace: "shop", name: "web" });
  await node.pass(4000);
  assert.equal(node.runtime.containers.size, 0);
  assert.deepEqual(await node.files.list("/data/pods"), []);
});

test("restarts no container when it is restarted itself", async (node) => {
  await node.create("web", {
    initContainers: [app("init", "exit 0")],
    containers: [{ ...app("main"), readinessProbe: { exec: { command: ["ready"] } } }],
  });
  await node.pass(2000);
  const { id } = node.runtime.named("main")!;
  assert.equal(node.condition("web", "Ready"), "True");
  await node.stop();
  await node.start();
  await node.pass(5000);
  assert.equal(node.runtime.named("main")!.id, id);
  assert.equal(node.runtime.containers.size, 2);
  assert.equal(node.status("web", "main").restartCount, 0);
  assert.equal(node.condition("web", "Ready"), "True");
});

test("removes pods that the server forgot while it was away, but only when the server has spoken", async (node) => {
  await node.create("web", { containers: [app("main")] });
  await node.pass(1000);
  await node.stop();
  node.api.remove(resources.pods, { namespace: "shop", name: "web" });
  node.api.down = true;
  await node.start();
  await node.pass(10_000);
  assert.equal(node.runtime.named("main")?.state, "running");
  node.api.down = false;
  await node.pass(60_000);
  assert.equal(node.runtime.containers.size, 0);
  assert.equal(node.network.states.size, 0);
});

test("starts its pods again after a reboot, also with no server in reach", async (node) => {
  node.api.put(resources.configmaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "shop", name: "cm" },
    data: { key: "value" },
  });
  await node.create("web", {
    initContainers: [app("init", "exit 0")],
    containers: [{ ...app("main"), volumeMounts: [{ name: "v", mountPath: "/v" }] }],
    volumes: [{ name: "v", configMap: { name: "cm" } }],
  });
  await node.pass(2000);
  const before = node.runtime.named("main")!.id;
  await node.stop();
  for (const id of node.runtime.containers.keys()) node.runtime.exit(id, 255);
  node.network.states.clear();
  node.files.put("/proc/sys/kernel/random/boot_id", "boot-2");
  node.api.down = true;
  await node.start();
  await node.pass(20_000);
  const after = node.runtime.named("main")!;
  assert.notEqual(after.id, before);
  assert.equal(after.state, "running");
  node.api.down = false;
  await node.pass(60_000);
  assert.equal(node.status("web", "main").restartCount, 1);
  assert.equal(node.phase("web"), "Running");
  assert.equal(node.runtime.named("main")!.id, after.id, "rejoining restarts nothing");
});

test("restarts a container whose liveness probe fails three times", async (node) => {
  const livenessProbe = { exec: { command: ["alive"] }, periodSeconds: 5 };
  await node.create("web", { containers: [{ ...app("main"), livenessProbe }] });
  await node.pass(2000);
  node.execs.set("alive", 1);
  await node.pass(9000);
  assert.equal(node.status("web", "main").restartCount, 0);
  await node.pass(6000);
  assert.equal(node.status("web", "main").restartCount, 1);
  assert.equal(node.said("Unhealthy")[0], "Warning Unhealthy Liveness probe failed: alive failed");
  assert.match(node.said("Killing")[0]!, /Container main failed liveness probe, will be restarted/);
});

test("takes a pod out of service while its readiness probe fails", async (node) => {
  node.execs.set("ready", 1);
  const readinessProbe = { exec: { command: ["ready"] }, periodSeconds: 1, failureThreshold: 1 };
  await node.create("web", { containers: [{ ...app("main"), readinessProbe }] });
  await node.pass(3000);
  assert.equal(node.condition("web", "Ready"), "False");
  node.execs.set("ready", 0);
  await node.pass(2000);
  assert.equal(node.condition("web", "Ready"), "True");
  node.execs.set("ready", 1);
  await node.pass(2000);
  assert.equal(node.condition("web", "Ready"), "False");
  assert.equal(node.status("web", "main").restartCount, 0);
});

test("waits for a sidecar's startup probe before it goes on, and stops it after the apps", async (node) => {
  node.execs.set("up", 1);
  const sidecar = {
    ...app("proxy"),
    restartPolicy: "Always",
    startupProbe: { exec: { command: ["up"] }, periodSeconds: 1, failureThreshold: 100 },
  };
  await node.create("job", {
    restartPolicy: "Never",
    initContainers: [sidecar],
    containers: [app("main")],
  });
  await node.pass(3000);
  assert.equal(node.runtime.named("main"), undefined);
  assert.equal(node.condition("job", "Initialized"), "False");
  node.execs.set("up", 0);
  await node.pass(2000);
  assert.equal(node.runtime.named("main")?.state, "running");
  node.runtime.exit(node.runtime.named("main")!.id, 0);
  await node.pass(2000);
  assert.equal(node.runtime.named("proxy")?.state, "exited");
  assert.equal(node.phase("job"), "Succeeded");
});

test("mounts what appears later, and says what it waits for", async (node) => {
  await node.create("web", {
    containers: [{ ...app("main"), volumeMounts: [{ name: "v", mountPath: "/v" }] }],
    volumes: [{ name: "v", configMap: { name: "late" } }],
  });
  await node.pass(1000);
  assert.equal(node.phase("web"), "Pending");
  assert.equal(node.status("web", "main").state?.waiting?.reason, "ContainerCreating");
  assert.equal(
    node.said("FailedMount")[0],
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "late" not found',
  );
  const late = { namespace: "shop", name: "late" };
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: late, data: { k: "1" } };
  node.api.put(resources.configmaps, configMap);
  await node.pass(500);
  assert.equal(node.phase("web"), "Running");
  node.api.put(resources.configmaps, { ...configMap, data: { k: "2" } });
  await node.pass(500);
  assert.equal(node.files.text("/data/pods/uid-web/volumes/configMap/v/k"), "2");
});

test("waits with CreateContainerConfigError while a referenced key is missing", async (node) => {
  const env = [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
  await node.create("web", { containers: [{ ...app("main"), env }] });
  await node.pass(1000);
  assert.deepEqual(node.status("web", "main").state?.waiting, {
    reason: "CreateContainerConfigError",
    message: 'secret "s" not found',
  });
  const secret = { namespace: "shop", name: "s" };
  node.api.put(resources.secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: secret,
    data: { k: "djE=" },
  });
  await node.pass(1000);
  const { config } = node.runtime.containers.get(node.runtime.named("main")!.id)!;
  assert.equal(config.env["A"], "v1");
  assert.equal(node.status("web", "main").state?.waiting, undefined);
});

test("backs off from an image that cannot be pulled", async (node) => {
  await node.create("web", { containers: [{ name: "main", image: "example.com/app:1" }] });
  await node.pass(500);
  assert.equal(node.status("web", "main").state?.waiting?.reason, "ErrImagePull");
  await node.api.patch(resources.pods, { namespace: "shop", name: "web" }, {
    metadata: { labels: { touched: "yes" } },
  }, { type: "merge" });
  await node.pass(500);
  node.runtime.registry.add("example.com/app:1");
  await node.pass(11_000);
  assert.equal(node.phase("web"), "Running");
  assert.deepEqual(node.runtime.pulls, ["example.com/app:1", "example.com/app:1"]);
});

test("says why a program cannot be started and tries again", async (node) => {
  await node.create("web", {
    containers: [{ name: "main", image: "localhost/app", command: ["/no-such"] }],
  });
  await node.pass(500);
  const { state, lastState } = node.status("web", "main");
  assert.match(JSON.stringify([state, lastState]), /no such file or directory/);
  assert.equal(lastState?.terminated?.reason ?? state?.terminated?.reason, "StartError");
  assert.equal(lastState?.terminated?.exitCode ?? state?.terminated?.exitCode, 128);
});

test("refuses a pod that does not fit", async (node) => {
  const big = { ...app("main"), resources: { requests: { cpu: "1500m" } } };
  await node.create("first", { containers: [big] });
  await node.create("second", { containers: [big] });
  await node.pass(1000);
  assert.equal(node.phase("first"), "Running");
  assert.equal(node.phase("second"), "Failed");
  assert.equal(node.pod("second")?.status?.reason, "OutOfcpu");
  assert.equal(
    node.pod("second")?.status?.message,
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000",
  );
});

test("ends a pod that overruns its deadline", async (node) => {
  await node.create("job", {
    activeDeadlineSeconds: 20,
    restartPolicy: "Never",
    containers: [app("main")],
  });
  await node.pass(15_000);
  assert.equal(node.phase("job"), "Running");
  await node.pass(8000);
  assert.equal(node.phase("job"), "Failed");
  assert.equal(node.pod("job")?.status?.reason, "DeadlineExceeded");
  assert.equal(node.runtime.named("main")?.state, "exited");
});

test("makes the sandbox again when the network failed", async (node) => {
  node.network.failure = new Error("no addresses left");
  await node.create("web", { containers: [app("main")] });
  assert.equal(
    node.said("FailedCreatePodSandBox")[0],
    "Warning FailedCreatePodSandBox Failed to create pod sandbox: no addresses left",
  );
  await node.pass(2000);
  assert.equal(node.phase("web"), "Running");
});

test("runs preStop before it stops a container, and kills one whose postStart fails", async (node) => {
  node.execs.set("begin", 1);
  const lifecycle = { postStart: { exec: { command: ["begin"] } } };
  await node.create("web", { restartPolicy: "Never", containers: [{ ...app("main"), lifecycle }] });
  await node.pass(2000);
  assert.equal(node.said("FailedPostStartHook").length, 1);
  assert.equal(node.runtime.named("main")?.state, "exited");
  node.execs.set("end", 1);
  const preStop = { preStop: { exec: { command: ["end"] } } };
  await node.create("two", { containers: [{ ...app("second"), lifecycle: preStop }] });
  await node.pass(1000);
  await node.api.delete(resources.pods, { namespace: "shop", name: "two" });
  await node.pass(1000);
  assert.equal(node.said("FailedPreStopHook").length, 1);
  assert.equal(node.pod("two"), undefined);
});
