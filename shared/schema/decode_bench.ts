import { decodeObject } from "./decode.ts";
import { schemaOf } from "./schema.ts";

const container = (name: string) => ({
  name,
  image: `registry.example/${name}:1.0`,
  command: ["/bin/server", "--listen=:8080", "--log-level=info"],
  ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
  env: Array.from({ length: 8 }, (_, i) => ({ name: `VARIABLE_${i}`, value: `value-${i}` })),
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
  volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "tmp", mountPath: "/tmp" }],
  livenessProbe: { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, periodSeconds: 10 },
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: "IfNotPresent",
});
const pod: unknown = JSON.parse(JSON.stringify({
  kind: "Pod",
  apiVersion: "v1",
  metadata: {
    name: "web-7d4b9c8f6-x2x9z",
    namespace: "default",
    uid: "0f3b1c52-7a0e-4c1b-9d35-3a3ff5a8f1d2",
    resourceVersion: "12345",
    creationTimestamp: "2024-01-02T03:04:05Z",
    labels: { app: "web", tier: "front", "pod-template-hash": "7d4b9c8f6" },
    annotations: { "example.com/checksum": "a".repeat(64) },
  },
  spec: {
    volumes: [{ name: "data", emptyDir: {} }, { name: "tmp", emptyDir: { medium: "Memory" } }],
    containers: [container("web"), container("sidecar")],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccountName: "default",
    securityContext: {},
    schedulerName: "default-scheduler",
  },
  status: { phase: "Pending", qosClass: "Burstable" },
}));
const schema = schemaOf("v1", "Pod");

Deno.bench(`decodeObject() a pod of ${JSON.stringify(pod).length} bytes`, () => {
  decodeObject(schema, pod, { strict: true });
});
