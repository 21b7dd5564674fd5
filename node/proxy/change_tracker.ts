import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import type { ObjectKey } from "../../shared/informer/informer.ts";
import {
  type ForwardedPort,
  forwardedPorts,
  type ForwardingState,
  type ProxyNode,
} from "./forwarding_state.ts";

/** Names the Service that an EndpointSlice belongs to. */
export const SERVICE_NAME = "kubernetes.io/service-name";
/** On the slices of headless Services, which nobody forwards to. */
const HEADLESS = "service.kubernetes.io/headless";

/** Where the tracker reads: the informers' view, by `namespace/name` of the Service. */
export interface ServiceSource {
  service(key: ObjectKey): Service | undefined;
  slices(key: ObjectKey): readonly EndpointSlice[];
}

/** The key of the Service that a slice is for; undefined for those that no proxy needs. */
export function serviceKeyOf(slice: EndpointSlice): ObjectKey | undefined {
  const { namespace, labels } = slice.metadata;
  const name = labels?.[SERVICE_NAME];
  if (name === undefined || labels?.[HEADLESS] !== undefined) return undefined;
  return `${namespace}/${name}`;
}

/**
 * Keeps the forwarding state while Services change, working out again only those that did. Not knowing what changed
 * costs nothing but time: a key may be touched without reason.
 */
export class ChangeTracker {
  readonly #source: ServiceSource;
  #node: ProxyNode;
  readonly #byService = new Map<ObjectKey, readonly ForwardedPort[]>();
  readonly #touched = new Set<ObjectKey>();
  #state: ForwardingState = { ports: [] };

  constructor(source: ServiceSource, node: ProxyNode) {
    this.#source = source;
    this.#node = node;
  }

  /** Says that a Service or one of its slices changed, came or went. */
  touch(key: ObjectKey): void {
    this.#touched.add(key);
  }

  /** The node itself changed: everything is worked out again. */
  setNode(node: ProxyNode): void {
    this.#node = node;
    for (const key of this.#byService.keys()) this.#touched.add(key);
  }

  /** The state as of now. The same object as before if nothing of it changed. */
  update(): ForwardingState {
    let changed = false;
    for (const key of this.#touched) changed = this.#refresh(key) || changed;
    this.#touched.clear();
    if (changed) this.#state = { ports: [...this.#byService.values()].flat().sort(byName) };
    return this.#state;
  }

  #refresh(key: ObjectKey): boolean {
    const before = this.#byService.get(key) ?? [];
    const service = this.#source.service(key);
    const ports = service ? forwardedPorts(service, this.#source.slices(key), this.#node) : [];
    const now = ports.map((port) => same(before, port) ?? port);
    if (now.length > 0) this.#byService.set(key, now);
    else this.#byService.delete(key);
    return now.length !== before.length || now.some((port, i) => port !== before[i]);
  }
}

/** The port as it was, if it is as it was: backends recognise unchanged ports by identity. */
function same(before: readonly ForwardedPort[], port: ForwardedPort): ForwardedPort | undefined {
  const text = JSON.stringify(port);
  return before.find((old) => old.name === port.name && JSON.stringify(old) === text);
}

function byName(a: ForwardedPort, b: ForwardedPort): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.family !== b.family) return a.family - b.family;
  return a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0;
}
