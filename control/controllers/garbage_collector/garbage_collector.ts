import { resources } from "../../../shared/client/resources.gen.ts";
import type { Informer } from "../../../shared/informer/informer.ts";
import { type ControllerContext, type ControllerDefinition, done } from "../controller.ts";
import type { DiscoveredResource } from "../../../shared/client/discovery.ts";
import { Collector } from "./collector.ts";
import { type GraphTask, OwnerGraph } from "./owner_graph.ts";

const DISCOVER = "discover";
/** New kinds come in groups: discovery waits until the group is there. */
const DISCOVER_DELAY_MS = 1000;

/**
 * Deletes what has lost its owners, and carries out foreground and orphan deletions. It follows the metadata of every
 * kind that can be listed, watched and deleted, new kinds included.
 */
export const garbageCollector: ControllerDefinition = {
  name: "garbagecollector",
  account: "generic-garbage-collector",
  workers: 20,
  setup(context) {
    const { client, informers, enqueue } = context;
    const graph = new OwnerGraph();
    const kinds = new Kinds(context, graph);
    const collector = new Collector({
      client,
      graph,
      resourceOf: (group, kind) => kinds.resourceOf(group, kind),
      isComplete: () => kinds.isComplete,
      enqueue: (task, uid) => enqueue(`${task}/${uid}`),
    });
    const rediscover = () => enqueue(DISCOVER, DISCOVER_DELAY_MS);
    informers.of(resources.customresourcedefinitions).onChange(rediscover);
    informers.of(resources.apiservices).onChange(rediscover);
    enqueue(DISCOVER);
    return async (key) => {
      if (key === DISCOVER) await kinds.discover();
      else if (key.startsWith("orphan/")) await collector.orphan(key.slice("orphan/".length));
      else await collector.tryDelete(key.slice("delete/".length));
      return done;
    };
  },
};

/** The kinds that are followed. */
class Kinds {
  readonly #context: ControllerContext;
  readonly #graph: OwnerGraph;
  readonly #followed = new Map<string, Informer>();
  #resources: readonly DiscoveredResource[] = [];

  constructor(context: ControllerContext, graph: OwnerGraph) {
    this.#context = context;
    this.#graph = graph;
  }

  get isComplete(): boolean {
    if (this.#followed.size === 0) return false;
    return this.#followed.values().every(({ hasSynced }) => hasSynced);
  }

  resourceOf(group: string, kind: string): DiscoveredResource | undefined {
    return this.#resources.find((resource) => resource.group === group && resource.kind === kind);
  }

  /** Follows what is new and drops what is gone. */
  async discover(): Promise<void> {
    const { config, metadataInformers } = this.#context;
    this.#resources = await config.discover();
    const wanted = new Map(
      this.#resources.filter(isCollectable).map((resource) => [idOf(resource), resource]),
    );
    for (const [id, resource] of wanted) {
      if (!this.#followed.has(id)) this.#follow(id, resource);
    }
    for (const [id, informer] of this.#followed) {
      if (wanted.has(id)) continue;
      this.#followed.delete(id);
      metadataInformers.drop?.(informer.resource);
    }
  }

  #follow(id: string, resource: DiscoveredResource): void {
    const { informers, metadataInformers } = this.#context;
    // What another controller holds already need not be held twice.
    const informer = informers.known?.(resource) ?? metadataInformers.of(resource);
    this.#followed.set(id, informer);
    informer.onChange((object, previous) => {
      this.#enqueue(
        object
          ? this.#graph.set(resource, object)
          : this.#graph.delete(previous!.metadata.uid ?? ""),
      );
    });
  }

  #enqueue(tasks: readonly GraphTask[]): void {
    for (const task of tasks) this.#context.enqueue(`${task.do}/${task.uid}`);
  }
}

function idOf({ group, version, plural }: DiscoveredResource): string {
  return `${group}/${version}/${plural}`;
}

/** Events are many, short-lived and own nothing. */
function isCollectable({ verbs, plural, group }: DiscoveredResource): boolean {
  if (plural === "events" && (group === "" || group === "events.k8s.io")) return false;
  return ["list", "watch", "delete"].every((verb) => verbs.includes(verb));
}
