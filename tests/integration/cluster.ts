import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { AgentConnections } from "../../control/agents/agent_connections.ts";
import type { KeyPairPem } from "../../control/certificates/authority.ts";
import type { FileStore } from "../../control/certificates/file_store.ts";
import { ServiceAccountKeys } from "../../control/certificates/service_account_keys.ts";
import { runComponents } from "../../control/components/components.ts";
import { connectSubresources } from "../../control/endpoints/connect/connect_subresources.ts";
import { ApiServer, type ApiServerOptions } from "../../control/server/api_server.ts";
import type { Network } from "../../control/network/network.ts";
import { Metrics } from "../../control/server/metrics.ts";
import { MemoryStorage } from "../../control/storage/memory/storage.ts";
import type { TimedStorage } from "../../control/storage/storage.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Client, ObjectRef } from "../../shared/client/client.ts";
import { inProcessTransport } from "../../shared/client/in_process_transport.ts";
import type { UserRef } from "../../shared/client/message_port_transport.ts";
import type { Resource } from "../../shared/client/resource.ts";
import { restClient } from "../../shared/client/rest_client.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { jsonLog, type Log, silentLog } from "../../shared/log/log.ts";
import { FakeKubelet, type FakeNodeOptions } from "./fake_kubelet.ts";

export interface ClusterOptions {
  /** Names of nodes that are there from the start. */
  readonly nodes?: readonly string[];
  /** Without: the API server alone. Default true. */
  readonly components?: boolean;
  /** What the server has beyond the usual. */
  readonly server?: (clock: FakeClock) => Partial<ApiServerOptions>;
  /** How the server reaches webhooks and extension servers. Default: not at all. */
  readonly network?: Network;
  /** What the server shows to extension servers. Default: nothing. */
  readonly proxyCertificate?: KeyPairPem;
  /** Opens the store; it is closed at the end. Default: memory. */
  readonly store?: (clock: FakeClock) => Promise<ClusterStore>;
}

/** A store whose work takes real time: the cluster's clock stands still meanwhile. */
export interface ClusterStore extends TimedStorage {
  /** Whether writes are under way. */
  readonly busy: boolean;
}

/** An object as a test writes it down, without its kind's type. */
export type Written = KubeObject & { readonly [field: string]: unknown };

const noNetwork: Network = {
  dial: ({ host, port }) => Promise.reject(new Error(`dial tcp ${host}:${port}: no network`)),
};
const systemGroups = ["system:authenticated"];
const admin: UserRef = { name: "admin", groups: ["system:masters", ...systemGroups] };

/**
 * A whole control plane with fake nodes in one process: the real API server, controllers and scheduler on memory
 * storage and a clock that the test moves. At its end (`await using`) it fails the test if any component of the system
 * was refused something or logged an error.
 */
export class Cluster implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly random = seededRandom(7);
  readonly storage: TimedStorage;
  readonly admin: Client;
  /** What no component of the system should ever be told, one line each. */
  readonly faults: string[] = [];
  /** Lines of a lower level than error are kept for the message of a failed `until`. */
  readonly #lines: string[] = [];
  readonly #nodes = new Map<string, FakeKubelet>();
  readonly #log: Log;
  readonly #traffic = { underWay: 0, count: 0 };
  readonly #stop = new AbortController();
  readonly #network: Network;
  readonly #proxyCertificate: () => KeyPairPem | undefined;
  #components: Promise<void> = Promise.resolve();
  readonly #store: ClusterStore | undefined;
  #keys: ServiceAccountKeys | undefined;
  #server: ApiServer | undefined;
  readonly #options: ClusterOptions;

  private constructor(clock: FakeClock, store: ClusterStore | undefined, options: ClusterOptions) {
    const { network = noNetwork, proxyCertificate } = options;
    this.#options = options;
    this.clock = clock;
    this.#store = store;
    this.storage = store ?? new MemoryStorage({ now: () => clock.now() });
    this.#network = network;
    this.#proxyCertificate = () => proxyCertificate;
    this.#log = this.#recorder();
    this.admin = this.clientAs(admin);
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const clock = new FakeClock();
    const cluster = new Cluster(clock, await options.store?.(clock), options);
    cluster.#keys = await ServiceAccountKeys.open(memoryFiles(), cluster.clock.now(), silentLog);
    await cluster.#startServer();
    if (options.components ?? true) cluster.#startComponents();
    for (const name of options.nodes ?? []) await cluster.addNode(name);
    await cluster.advance(1000);
    return cluster;
  }

  get server(): ApiServer {
    return this.#server!;
  }

  /** A client whose requests are made as `user`. */
  clientAs(user: UserRef): Client {
    return restClient(this.#transportAs(user), { userAgent: user.name });
  }

  /** One raw request, as whoever its headers say, or as `user` if given. */
  async request(
    path: string,
    init: RequestInit & { readonly user?: UserRef | undefined } = {},
  ): Promise<Response> {
    const { user, ...rest } = init;
    const request = new Request(`https://cluster${path}`, rest);
    return await this.server.app.fetch(request, user ? { user } : {});
  }

  async addNode(name: string, options: FakeNodeOptions = {}): Promise<FakeKubelet> {
    const user = { name: `system:node:${name}`, groups: ["system:nodes", ...systemGroups] };
    const node = new FakeKubelet(name, {
      client: this.clientAs(user),
      clock: this.clock,
      random: this.random,
      onError: (error) => this.faults.push(`node ${name}: ${error}`),
    }, options);
    this.#nodes.set(name, node);
    await node.start();
    return node;
  }

  node(name: string): FakeKubelet {
    return this.#nodes.get(name)!;
  }

  /** Creates objects as the administrator, in order. */
  async create(...objects: readonly (KubeObject | Written)[]): Promise<void> {
    for (const object of objects) {
      const resource = this.#resourceOf(object);
      const { namespace = "default", ...metadata } = object.metadata;
      await this.admin.create(
        resource,
        resource.namespaced ? { ...object, metadata: { ...metadata, namespace } } : object,
      );
    }
  }

  /** Merge-patches as the administrator. */
  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: unknown,
  ): Promise<T> {
    return await this.admin.patch(resource, ref, patch, { type: "merge" });
  }

  async all<T extends KubeObject>(
    resource: Resource<T>,
    query: { readonly namespace?: string; readonly labelSelector?: string } = {},
  ): Promise<T[]> {
    return (await this.admin.list(resource, query)).items;
  }

  /** Lets time pass, stopping at each moment for which something is planned until all it leads to has happened. */
  async advance(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.monotonic() + ms;
    await this.settle();
    for (let due = clock.nextDue; due !== undefined; due = clock.nextDue) {
      if (clock.monotonic() + due > end) break;
      clock.tick(due);
      await this.settle();
    }
    clock.tick(end - clock.monotonic());
    await this.settle();
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let last = -1; quiet < (this.#traffic.underWay > 0 ? 300 : 4);) {
      quiet = this.#traffic.count === last ? quiet + 1 : 0;
      last = this.#traffic.count;
      do await setImmediate(); while (this.#store?.busy);
    }
  }

  /** Lets time pass until `test` holds; fails if it does not within `withinMs` of the cluster's time. */
  async until(
    sentence: string,
    test: () => Promise<boolean> | boolean,
    withinMs = 60_000,
  ): Promise<void> {
    const end = this.clock.monotonic() + withinMs;
    await this.settle();
    while (!await test()) {
      if (this.clock.monotonic() >= end) {
        assert.fail(`within ${withinMs / 1000} s: ${sentence}\n${await this.#describe()}`);
      }
      await this.advance(Math.min(this.clock.nextDue ?? 250, 250));
    }
  }

  /** Forgives the faults so far, each of which must match: for tests of what components do when they are refused. */
  forgive(pattern: RegExp): void {
    assert.ok(this.faults.length > 0, "nothing was refused");
    for (const fault of this.faults.splice(0)) assert.match(fault, pattern);
  }

  /** Ends the server and starts another on the same storage; clients find their watches closed. */
  async restartServer(): Promise<void> {
    this.#server?.stop();
    await this.settle();
    await this.#startServer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes.values()) node.stop();
    this.#stop.abort(new Error("cluster stopped"));
    await this.#components;
    this.#server?.stop();
    await this.settle();
    await this.storage.close();
    assert.deepEqual([...new Set(this.faults)], [], "the system's own components met refusals");
  }

  async #startServer(): Promise<void> {
    const { clock, random, storage } = this;
    const network = this.#network;
    const agents = new AgentConnections({ clock, log: silentLog });
    this.#server = await ApiServer.start({
      storage,
      clock,
      random,
      log: this.#log.with({ part: "server" }),
      metrics: new Metrics(),
      serviceAccountKeys: this.#keys!,
      advertise: { address: "192.0.2.10", port: 6443 },
      serviceCidr: "10.96.0.0/12",
      clientAuthority: "authority",
      proxyCertificate: this.#proxyCertificate,
      agents,
      network,
      connections: (parts) =>
        connectSubresources({ ...parts, agents, network, clock, log: silentLog }),
      ...this.#options.server?.(clock),
    });
  }

  #startComponents(): void {
    this.#components = runComponents({
      api: { as: (user) => this.#transportAs(user) },
      controllers: true,
      scheduler: true,
      clock: this.clock,
      random: this.random,
      log: this.#log,
      config: {
        clusterCidr: "10.244.0.0/16",
        nodeCidrMaskSize: 24,
        caBundle: "authority",
        nodeMonitorGraceMs: 40_000,
      },
    }, this.#stop.signal);
    this.#components.catch((error) => this.faults.push(`components: ${error.stack}`));
  }

  /** Counts what is under way, and notes refusals that show a fault of a component or of the server. */
  #transportAs(user: UserRef): Transport {
    const traffic = this.#traffic;
    const inner = inProcessTransport((request) => this.server.app.fetch(request, { user }));
    const isSystem = user.name.startsWith("system:") && user.name !== "system:anonymous";
    return {
      send: async (request) => {
        traffic.underWay++;
        traffic.count++;
        try {
          const response = await inner.send(request);
          if (response.status < 400 || !isSystem) return counted(response, traffic);
          const text = await response.text();
          if (isFault(response.status, text)) {
            this.faults.push(`${user.name} ${request.method} ${request.path}: ${text}`);
          }
          return { ...response, text: () => Promise.resolve(text) };
        } finally {
          traffic.underWay--;
          traffic.count++;
        }
      },
    };
  }

  #recorder(): Log {
    return jsonLog({
      level: "debug",
      now: () => this.clock.now(),
      write: (line) => {
        this.#lines.push(line);
        if (this.#lines.length > 300) this.#lines.shift();
        if (line.includes('"level":"error"')) this.faults.push(line);
      },
    });
  }

  #resourceOf(object: KubeObject): Resource {
    for (const { kind } of this.server.registry.all()) {
      const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
      if (kind.kind === object.kind && apiVersion === object.apiVersion) {
        return { ...kind, namespaced: kind.scope === "Namespaced" };
      }
    }
    throw new TypeError(`Cannot create ${object.kind}: it is not served`);
  }

  async #describe(): Promise<string> {
    const get = async (path: string) => {
      const accept = "application/json;as=Table;g=meta.k8s.io;v=v1";
      const response = await this.request(path, { user: admin, headers: { accept } });
      const { rows = [] } = await response.json() as { rows?: { cells: unknown[] }[] };
      return rows.map(({ cells }) => cells.join("  ")).join("\n");
    };
    return [
      "-- pods",
      await get("/api/v1/pods"),
      "-- nodes",
      await get("/api/v1/nodes"),
      "-- events",
      await get("/api/v1/events"),
      "-- log",
      ...this.#lines.slice(-30),
      "-- faults",
      ...this.faults,
    ].join("\n");
  }
}

type Answer = Awaited<ReturnType<Transport["send"]>>;

/** What is read of an open stream counts as traffic: what follows from it has to be waited for. */
function counted(response: Answer, traffic: { underWay: number; count: number }): Answer {
  return {
    status: response.status,
    text: async () => {
      traffic.underWay++;
      try {
        return await response.text();
      } finally {
        traffic.underWay--;
        traffic.count++;
      }
    },
    async *stream() {
      for await (const chunk of response.stream()) {
        traffic.count++;
        yield chunk;
      }
    },
  };
}

/** Lost races, absent objects, budgets and ended namespaces are everyday; the rest is somebody's mistake. */
function isFault(status: number, text: string): boolean {
  if (status === 404) return text.includes("could not find the requested resource");
  if (status === 403) return !text.includes("being terminated");
  return ![409, 410, 429].includes(status);
}

function memoryFiles(): FileStore {
  const files = new Map<string, string>();
  return {
    read: (name) => Promise.resolve(files.get(name)),
    write: (name, text) => Promise.resolve(void files.set(name, text)),
    exists: (name) => Promise.resolve(files.has(name)),
  };
}
