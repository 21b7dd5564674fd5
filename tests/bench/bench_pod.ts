import type { Pod } from "../../shared/api/core/v1/types.gen.ts";

/** The i-th pod of a load, of about 3.6 kB when stored: what apibench creates. One of 100 apps, on one of `nodes`. */
export function benchPod(i: number, nodes = 50): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(i),
      labels: { app: `app-${i % 100}`, tier: "bench" },
      annotations: { "example.com/note": "n".repeat(200) },
    },
    spec: {
      nodeName: `node-${i % nodes}`,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{
        name: "main",
        image: "example.com/app:1",
        command: ["/bin/app", "--serve"],
        env: Array.from(
          { length: 12 },
          (_, k) => ({ name: `SETTING_${k}`, value: "v".repeat(24) }),
        ),
        resources: {
          requests: { cpu: "100m", memory: "64Mi" },
          limits: { cpu: "1", memory: "128Mi" },
        },
      }],
    },
  };
}

/** The name of the i-th pod. */
export function podName(i: number): string {
  return `pod-${String(i).padStart(6, "0")}`;
}

/** A merge patch of the status that says that it runs. */
export function runningStatus(i: number) {
  const podIP = `10.1.${Math.floor(i / 250) % 250}.${i % 250}`;
  return { status: { phase: "Running", podIP, startTime: "2026-01-01T00:00:00Z" } };
}
