import assert from "node:assert/strict";
import type { KubeObject } from "../../../../shared/api/kind.ts";
import type { StoreReader } from "../../../registry/reader.ts";
import type { RequestInfo } from "../../../server/request_context.ts";
import { nodeProxyTarget, podProxyTarget, serviceProxyTarget } from "./proxy_target.ts";

const objects: Readonly<Record<string, readonly object[]>> = {
  "/pods": [
    pod("p", { podIP: "10.0.0.1" }, [{}, { ports: [{ containerPort: 8080 }] }]),
    pod("bare", { podIP: "10.0.0.2" }, [{}]),
    pod("new", {}, [{}]),
    pod("local", { podIP: "127.0.0.1" }, [{}]),
    pod("metadata", { podIP: "169.254.169.254" }, [{}]),
  ],
  "/services": [
    {
      metadata: { name: "svc", namespace: "ns" },
      spec: { ports: [{ name: "http", port: 80 }, { name: "admin", port: 81 }] },
    },
    { metadata: { name: "empty", namespace: "ns" }, spec: { ports: [{ port: 80 }] } },
  ],
  "discovery.k8s.io/endpointslices": [{
    metadata: {
      name: "svc-1",
      namespace: "ns",
      labels: { "kubernetes.io/service-name": "svc" },
    },
    ports: [{ name: "http", port: 8080 }],
    endpoints: [
      { addresses: ["10.0.0.8"], conditions: { ready: false }, nodeName: "n2" },
      { addresses: ["10.0.0.9"], conditions: { ready: true }, nodeName: "n1" },
      { addresses: ["10.0.0.10"], nodeName: "n2" },
    ],
  }],
  "/nodes": [
    {
      metadata: { name: "n1" },
      status: { addresses: [{ type: "InternalIP", address: "192.0.2.7" }] },
    },
    { metadata: { name: "n2" } },
  ],
};

function pod(name: string, status: object, containers: readonly object[]) {
  return { metadata: { name, namespace: "ns" }, status, spec: { nodeName: "n1", containers } };
}

const reader = {
  get: (group: string, plural: string, _namespace: string, name: string) =>
    (objects[`${group}/${plural}`] as KubeObject[]).find(({ metadata }) => metadata.name === name),
  list: (group: string, plural: string) => objects[`${group}/${plural}`],
} as unknown as StoreReader;
const named = (name: string) => ({ namespace: "ns", name }) as RequestInfo;

const podTargets: readonly (readonly [string, string])[] = [
  ["p", "http://10.0.0.1:8080 by n1"],
  ["p:81", "http://10.0.0.1:81 by n1"],
  ["https:p:443", "https://10.0.0.1:443 by n1"],
  [":p:82", "http://10.0.0.1:82 by n1"],
  ["bare", "http://10.0.0.2:80 by n1"],
  ["https:bare:", "https://10.0.0.2:443 by n1"],
  ["nosuch", 'pods "nosuch" not found'],
  ["new", "address not allowed"],
  ["local", "address not allowed"],
  ["metadata", "address not allowed"],
  ["a:b:c:d", 'invalid pod request "a:b:c:d"'],
  ["ftp:p:1", 'invalid pod request "ftp:p:1"'],
];
for (const [name, want] of podTargets) {
  Deno.test(`podProxyTarget() of ${name} is ${want}`, () => {
    assert.equal(outcome(() => podProxyTarget(reader, named(name))), want);
  });
}

const serviceTargets: readonly (readonly [string, number, string])[] = [
  ["svc:http", 0, "http://10.0.0.9:8080 by n1"],
  ["svc:80", 1, "http://10.0.0.10:8080 by n2"],
  ["https:svc:80", 2, "https://10.0.0.9:8080 by n1"],
  ["svc", 0, 'no endpoints available for service "svc"'],
  ["svc:81", 0, 'no endpoints available for service "svc:81"'],
  ["svc:82", 0, 'no service port 82 found for service "svc"'],
  ["empty:80", 0, 'no endpoints available for service "empty"'],
  ["nosuch", 0, 'no endpoints available for service "nosuch"'],
  ["nosuch:80", 0, 'services "nosuch" not found'],
  ["a:b:c:d", 0, 'invalid service request "a:b:c:d"'],
];
for (const [name, turn, want] of serviceTargets) {
  Deno.test(`serviceProxyTarget() of ${name}, turn ${turn}, is ${want}`, () => {
    assert.equal(outcome(() => serviceProxyTarget(reader, named(name), turn)), want);
  });
}

Deno.test("nodeProxyTarget() leads to the node's server, or to another port of the node", () => {
  const target = (name: string, connected: boolean) =>
    nodeProxyTarget(reader, named(name), () => connected);
  assert.deepEqual(target("n1", false), { to: "node", node: "n1" });
  assert.deepEqual(target("https:n2:10250", true), { to: "node", node: "n2" });
  assert.deepEqual(target("n1:9100", true), {
    to: "port",
    target: { scheme: "http", host: "192.0.2.7", port: 9100, node: "n1" },
  });
  assert.throws(() => target("n2", false), {
    message: "no preferred addresses found; known addresses: []",
    code: 500,
  });
  assert.throws(() => target("nosuch", true), { message: 'nodes "nosuch" not found' });
});

function outcome(target: () => ReturnType<typeof podProxyTarget>): string {
  try {
    const { scheme, host, port, node } = target();
    return `${scheme}://${host}:${port} by ${node}`;
  } catch (error) {
    return (error as Error).message;
  }
}
