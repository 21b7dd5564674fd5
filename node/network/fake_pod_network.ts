import type { PodNetwork, PodNetworkRequest, PodNetworkState } from "./pod_network.ts";

/** Pod networks in memory, for tests: addresses are counted up from 10.1.0.2. */
export class FakePodNetwork implements PodNetwork {
  readonly states = new Map<string, PodNetworkState>();
  readonly requests: PodNetworkRequest[] = [];
  /** Thrown by the next `setUp`, once. */
  failure: Error | undefined;
  reason: string | undefined;
  #next = 2;

  notReady(): string | undefined {
    return this.reason;
  }

  async ready(): Promise<void> {}

  async setUp(request: PodNetworkRequest): Promise<PodNetworkState> {
    const failure = this.failure;
    this.failure = undefined;
    if (failure) throw failure;
    this.requests.push(request);
    const known = this.states.get(request.uid);
    if (known) return known;
    const state = { namespacePath: `/run/netns/${request.uid}`, ips: [`10.1.0.${this.#next++}`] };
    this.states.set(request.uid, state);
    return state;
  }

  async tearDown(uid: string): Promise<void> {
    this.states.delete(uid);
  }

  async find(uid: string): Promise<PodNetworkState | undefined> {
    return this.states.get(uid);
  }

  async list(): Promise<string[]> {
    return [...this.states.keys()];
  }
}
