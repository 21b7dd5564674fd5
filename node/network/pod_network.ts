/** A port of the node that leads into a pod. */
export interface HostPort {
  readonly hostPort: number;
  readonly containerPort: number;
  /** `tcp`, `udp` or `sctp`. */
  readonly protocol: string;
  /** Only this address of the node; absent means all. */
  readonly hostIp?: string;
}

export interface PodNetworkRequest {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostPorts: readonly HostPort[];
  /** Bits per second; absent means unlimited. From the pod's `kubernetes.io/*-bandwidth` annotations. */
  readonly ingressBandwidth?: number;
  readonly egressBandwidth?: number;
}

/** A pod's network, as long as its namespace lives. */
export interface PodNetworkState {
  /** Path of the network namespace. */
  readonly namespacePath: string;
  /** Without prefix length; the first is the pod's primary address. */
  readonly ips: readonly string[];
}

/**
 * Gives pods their network namespace and addresses. What it did is on disk, so everything can be undone after a
 * restart. All methods may be repeated; calls for one pod never overlap.
 */
export interface PodNetwork {
  /** Why pods cannot have a network yet; undefined when they can. */
  notReady(): string | undefined;
  /** Resolves as soon as `notReady` gives undefined. */
  ready(): Promise<void>;
  /** Resolves when the pod's first packet could leave. The same state again if it was set up before and still lives. */
  setUp(request: PodNetworkRequest): Promise<PodNetworkState>;
  /** Fine if there is nothing. */
  tearDown(uid: string): Promise<void>;
  /** The state that still lives; undefined if it was never made or a reboot took it. */
  find(uid: string): Promise<PodNetworkState | undefined>;
  /** Pods of which anything is left, alive or not. */
  list(): Promise<string[]>;
}
