import assert from "node:assert/strict";
import type { Container, Pod, PodSpec, Service } from "../../shared/api/core/v1/types.gen.ts";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { createSpec } from "../runtime/podman/create_spec.ts";
import type { ObjectSource } from "../volumes/plugin.ts";
import { containerConfig, type ContainerConfigInput } from "./container_config.ts";
import { containerEnvironment } from "./environment.ts";
import { expand } from "./expansion.ts";
import { hostnameOf, renderHosts, renderResolvConf } from "./name_resolution.ts";
import { qosClassOf } from "../../shared/api/core/v1/qos_class.ts";
import { oomScoreAdjust } from "./oom_score.ts";
import { podRequests } from "./resources.ts";
import { serviceEnvironment } from "./service_environment.ts";

function pod(spec: Partial<PodSpec> = {}): Pod {
  const metadata = { namespace: "shop", name: "web", uid: "u1" };
  const status = { podIP: "10.1.0.2" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [], ...spec }, status };
}

function input(
  container: Container,
  more: Partial<ContainerConfigInput> = {},
): ContainerConfigInput {
  return {
    pod: pod(),
    start: { container, type: "app", attempt: 2 },
    sandbox: { id: "s", network: "/netns/x", ipc: "/ipc", ips: [], createdAt: 0, shmDir: "/shm" },
    image: { id: "sha256:1", names: [], digests: [], sizeBytes: 0, user: "" },
    env: new Map(),
    volumes: new Map(),
    paths: { podsDir: "/pods", podLogsDir: "/logs", pauseDir: "/pause" },
    files: new FakeFileSystem(),
    clusterDomain: "cluster.local",
    nodeMemoryBytes: 4 * 2 ** 30,
    seccompDir: "/seccomp",
    ...more,
  };
}

Deno.test("containerConfig() expands commands and names files by the attempt", async () => {
  const container = { name: "main", command: ["run", "$(PORT)"], args: ["$$(PORT)", "$(NO)"] };
  const config = await containerConfig(input(container, { env: new Map([["PORT", "80"]]) }));
  assert.deepEqual(config.command, ["run", "80"]);
  assert.deepEqual(config.args, ["$(PORT)", "$(NO)"]);
  assert.equal(config.name, "k8s_main_web_shop_u1_2");
  assert.equal(config.logPath, "/logs/shop_web_u1/main/2.log");
  assert.equal(config.cgroupParent, "/kubepods/besteffort/podu1");
  const targets = config.mounts.map(({ target }) => target);
  assert.deepEqual(targets, ["/etc/hosts", "/etc/resolv.conf", "/dev/termination-log", "/dev/shm"]);
});

Deno.test("containerConfig() lets a volume take the place of a file of ours", async () => {
  const volumeMounts = [{ name: "v", mountPath: "/etc/hosts", readOnly: true }];
  const volumes = new Map([["v", { path: "/vol" }]]);
  const config = await containerConfig(input({ name: "main", volumeMounts }, { volumes }));
  const hosts = config.mounts.filter(({ target }) => target === "/etc/hosts");
  assert.deepEqual(hosts, [{ source: "/vol", target: "/etc/hosts", readOnly: true }]);
});

const users: readonly [
  string,
  Container["securityContext"],
  string,
  string | undefined | RegExp,
][] = [
  ["what the image says", {}, "", undefined],
  ["a user", { runAsUser: 5 }, "", "5"],
  ["a user and a group", { runAsUser: 5, runAsGroup: 6 }, "", "5:6"],
  ["a group with the image's user", { runAsGroup: 6 }, "7", "7:6"],
  ["refuses root by the pod", { runAsNonRoot: true, runAsUser: 0 }, "", /breaks non-root policy/],
  ["refuses root by the image", { runAsNonRoot: true }, "", /image will run as root/],
  ["refuses a name", { runAsNonRoot: true }, "app", /non-numeric user \(app\)/],
  ["takes a numeric image user", { runAsNonRoot: true }, "9", undefined],
];
for (const [title, securityContext, user, want] of users) {
  Deno.test(`containerConfig() user: ${title}`, async () => {
    const image = { id: "i", names: [], digests: [], sizeBytes: 0, user };
    const container = { name: "main", ...(securityContext && { securityContext }) };
    const making = containerConfig(input(container, { image }));
    if (want instanceof RegExp) await assert.rejects(making, want);
    else assert.equal((await making).security.user, want);
  });
}

Deno.test("createSpec() speaks Podman's language", async () => {
  const container = {
    name: "main",
    command: ["a"],
    resources: { limits: { cpu: "500m", memory: "64Mi" } },
    securityContext: { capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } },
  };
  const guaranteed = { pod: pod({ containers: [container] }) };
  const config = await containerConfig(input(container, guaranteed));
  const spec = createSpec(config, { lowestOomScoreAdjust: 0 });
  assert.deepEqual(spec["netns"], { nsmode: "path", value: "/netns/x" });
  assert.deepEqual(spec["pidns"], { nsmode: "private" });
  assert.deepEqual(spec["entrypoint"], ["a"]);
  assert.equal("command" in spec, false, "the image's default arguments go with its entry point");
  assert.deepEqual(spec["resource_limits"], {
    cpu: { shares: 512, quota: 50_000, period: 100_000 },
    memory: { limit: 64 << 20, swap: 64 << 20 },
  });
  assert.equal(spec["oom_score_adj"], 0, "no lower than this agent may set");
  assert.deepEqual([spec["cap_add"], spec["cap_drop"]], [["CAP_NET_ADMIN"], ["ALL"]]);
  assert.equal(spec["seccomp_profile_path"], "unconfined");
});

const expansions = [
  ["$(A)-$(B)", "1-2"],
  ["$(C)", "$(C)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$A $", "$A $"],
] as const;
for (const [text, want] of expansions) {
  Deno.test(`expand() makes ${want} of ${text}`, () => {
    assert.equal(expand(text, new Map([["A", "1"], ["B", "2"]])), want);
  });
}

const nothing: ObjectSource = {
  configMap: async () => undefined,
  secret: async () => undefined,
  claim: async () => undefined,
  persistentVolume: async () => undefined,
  token: () => Promise.reject(new Error("no token")),
};

Deno.test("containerEnvironment() lets later sources win and refer to earlier ones", async () => {
  const objects = {
    ...nothing,
    configMap: async () => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {},
      data: { A: "from", B: "map" },
    }),
  };
  const container: Container = {
    name: "main",
    envFrom: [{ prefix: "P_", configMapRef: { name: "cm" } }],
    env: [
      { name: "P_A", value: "own" },
      { name: "BOTH", value: "$(P_A) $(P_B) $(DB_SERVICE_HOST)" },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "NO", valueFrom: { secretKeyRef: { name: "s", key: "k", optional: true } } },
    ],
  };
  const env = await containerEnvironment(pod(), container, {
    objects,
    allocatable: {},
    services: [service("db", "10.43.0.7")],
  });
  assert.equal(env.get("BOTH"), "own map 10.43.0.7");
  assert.equal(env.get("IP"), "10.1.0.2");
  assert.equal(env.has("NO"), false);
});

Deno.test("containerEnvironment() says which key is missing", async () => {
  const objects = {
    ...nothing,
    secret: async () => ({ apiVersion: "v1", kind: "Secret", metadata: {}, data: {} }),
  };
  const env = [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
  const making = containerEnvironment(pod(), { name: "main", env }, {
    objects,
    allocatable: {},
    services: [],
  });
  await assert.rejects(making, /couldn't find key k in Secret shop\/s/);
});

function service(name: string, clusterIP: string): Service {
  const ports = [{ name: "sql", port: 5432 }, { name: "admin", port: 80, protocol: "UDP" }];
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { clusterIP, ports } };
}

Deno.test("serviceEnvironment() names services as containers expect, but not headless ones", () => {
  const env = serviceEnvironment([service("my-db", "10.43.0.7"), service("headless", "None")]);
  assert.deepEqual(Object.fromEntries(env), {
    MY_DB_SERVICE_HOST: "10.43.0.7",
    MY_DB_SERVICE_PORT: "5432",
    MY_DB_SERVICE_PORT_SQL: "5432",
    MY_DB_SERVICE_PORT_ADMIN: "80",
    MY_DB_PORT: "tcp://10.43.0.7:5432",
    MY_DB_PORT_5432_TCP: "tcp://10.43.0.7:5432",
    MY_DB_PORT_5432_TCP_PROTO: "tcp",
    MY_DB_PORT_5432_TCP_PORT: "5432",
    MY_DB_PORT_5432_TCP_ADDR: "10.43.0.7",
    MY_DB_PORT_80_UDP: "udp://10.43.0.7:80",
    MY_DB_PORT_80_UDP_PROTO: "udp",
    MY_DB_PORT_80_UDP_PORT: "80",
    MY_DB_PORT_80_UDP_ADDR: "10.43.0.7",
  });
});

const node = {
  clusterDns: ["10.43.0.10"],
  clusterDomain: "cluster.local",
  hostResolvConf: "# comment\nsearch lan\nnameserver 192.0.2.53\noptions rotate\n",
  hostHosts: "127.0.0.1 localhost\n",
};
const resolvers: readonly [string, Partial<PodSpec>, string][] = [
  [
    "ClusterFirst",
    {},
    "search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.43.0.10\noptions ndots:5\n",
  ],
  ["Default", { dnsPolicy: "Default" }, "search lan\nnameserver 192.0.2.53\noptions rotate\n"],
  [
    "ClusterFirst in the node's network",
    { hostNetwork: true },
    "search lan\nnameserver 192.0.2.53\noptions rotate\n",
  ],
  [
    "None with its own settings",
    {
      dnsPolicy: "None",
      dnsConfig: {
        nameservers: ["1.1.1.1"],
        searches: ["x"],
        options: [{ name: "ndots", value: "2" }],
      },
    },
    "search x\nnameserver 1.1.1.1\noptions ndots:2\n",
  ],
];
for (const [title, spec, want] of resolvers) {
  Deno.test(`renderResolvConf(): ${title}`, () =>
    assert.equal(renderResolvConf(pod(spec), node), want));
}

Deno.test("renderHosts() lists the pod's names and its aliases", () => {
  const spec = { subdomain: "sub", hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] };
  const text = renderHosts(pod(spec), ["10.1.0.2"], node);
  assert.match(text, /^10\.1\.0\.2\tweb\.sub\.shop\.svc\.cluster\.local\tweb$/m);
  assert.match(text, /# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/);
  assert.match(
    renderHosts(pod({ hostNetwork: true }), [], node),
    /\(host network\)\.\n127\.0\.0\.1 localhost\n$/,
  );
});

Deno.test("hostnameOf() fits a long name into a label", () => {
  const long = pod();
  long.metadata.name = `${"a".repeat(62)}-b`;
  assert.equal(hostnameOf(long, "cluster.local").name, "a".repeat(62));
});

const qosCases: readonly [string, Container["resources"], string][] = [
  ["nothing", {}, "BestEffort"],
  ["a request", { requests: { cpu: "1m" } }, "Burstable"],
  ["limits alone", { limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  ["the same, spelt differently", {
    limits: { cpu: "1", memory: "1Gi" },
    requests: { cpu: "1000m", memory: "1024Mi" },
  }, "Guaranteed"],
  [
    "less than the limits",
    { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1m" } },
    "Burstable",
  ],
];
for (const [title, resources, want] of qosCases) {
  Deno.test(`qosClassOf() of ${title} is ${want}`, () => {
    const containers = [{ name: "a", ...(resources && { resources }) }];
    assert.equal(qosClassOf(pod({ containers })), want);
  });
}

Deno.test("oomScoreAdjust() spares guaranteed pods and those that asked for much", () => {
  const memory = (text: string) => ({ name: "a", resources: { requests: { memory: text } } });
  const of = (container: Container) =>
    oomScoreAdjust(pod({ containers: [container] }), container, 4 * 2 ** 30);
  assert.equal(of({ name: "a" }), 1000);
  assert.equal(of(memory("1Gi")), 750);
  assert.equal(of(memory("4Gi")), 3);
});

Deno.test("podRequests() takes the dearest moment of the pod's life", () => {
  const cpu = (name: string, text: string, restartPolicy?: string) => ({
    name,
    resources: { requests: { cpu: text } },
    ...(restartPolicy && { restartPolicy }),
  });
  const spec = {
    initContainers: [cpu("proxy", "100m", "Always"), cpu("big", "700m")],
    containers: [cpu("a", "300m"), cpu("b", "200m")],
    overhead: { cpu: "50m" },
  };
  assert.deepEqual(podRequests(pod(spec)), { cpu: 850 });
});
