/** How good a figure must be: so many times better than the reference's, or at most so much. */
export type Bound = { readonly times: number } | { readonly atMost: number };

/** A promise about one figure. */
export interface Bar {
  readonly title: string;
  /** The name of the figure (see figures.ts). */
  readonly figure: string;
  readonly unit: "/s" | "ms" | "MB" | "s";
  readonly must: Bound;
  readonly aim?: Bound;
}

const times = (n: number): Bound => ({ times: n });
const atMost = (n: number): Bound => ({ atMost: n });

function rate(operation: string, must: number, aim: number): Bar {
  const bounds = { must: times(must), aim: times(aim) };
  return { title: operation, figure: `${operation}/rate`, unit: "/s", ...bounds };
}

function latency(operation: string, which: "p50" | "p99", must: number, aim?: number): Bar {
  return {
    title: `${operation}, ${which}`,
    figure: `${operation}/${which}`,
    unit: "ms",
    must: times(must),
    ...(aim !== undefined && { aim: times(aim) }),
  };
}

/** What the API server promises beside kube-apiserver with etcd, in the same run on the same machine. */
export const apiBars: readonly Bar[] = [
  rate("create pod", 3, 5),
  latency("create pod", "p99", 3),
  rate("create pod, 1 in flight", 1.5, 1.8),
  rate("get pod", 2.2, 3),
  latency("list all pods", "p50", 3, 6),
  latency("list all pods, 8 in flight", "p50", 2.5, 5),
  latency("list by label (1%)", "p50", 4, 10),
  latency("list by node (2%)", "p50", 4, 10),
  latency("list page of 500", "p50", 2, 5),
  rate("merge-patch pod status", 4, 6),
  rate("server-side apply configmap", 1.5, 3),
  rate("delete pod", 3, 5),
  rate("watch fan-out, events", 1.8, 2.5),
  latency("watch fan-out, events", "p99", 2),
  {
    title: "memory, idle",
    figure: "memory/idle",
    unit: "MB",
    must: times(3),
    aim: times(4),
  },
  {
    title: "memory, after this load",
    figure: "memory/loaded",
    unit: "MB",
    must: times(3),
    aim: times(4),
  },
  { title: "start, fresh", figure: "start/fresh", unit: "s", must: times(4), aim: atMost(0.3) },
  { title: "start, 1,000 objects", figure: "start/1000", unit: "s", must: atMost(0.7) },
  { title: "start, 50,000 objects", figure: "start/50000", unit: "s", must: atMost(2) },
];

/** What the scheduler promises beside kube-scheduler at kube-apiserver with etcd. */
export const schedulerBars: readonly Bar[] = [rate("pods bound", 2.5, 5)];
