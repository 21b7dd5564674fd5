import type { Pod, ResourceQuota } from "../../../shared/api/core/v1/types.gen.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  subtractQuantities,
  zeroQuantity,
} from "../../../shared/resource/quantity.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { type Amounts, amountsOf } from "../pod_resources.ts";
import { matchesScopes } from "../quota/scopes.ts";
import { computeUsage, quotaNamesOf, requiredNames, usageOf } from "../quota/usage.ts";
import { refusal } from "../refusal.ts";

/** How often counting is tried again when somebody else changed the quota meanwhile. */
const ATTEMPTS = 4;
/** Not counted: they come and go by the thousand, and none is a reason to refuse work. */
const ignored = new Set(["/events", "events.k8s.io/events"]);

/**
 * Counts what is made in a namespace against its quotas, and refuses what exceeds them. Runs after everything else
 * that might refuse, because what was counted is not given back; the quota controller counts anew.
 */
export function resourceQuota(dependencies: PluginDependencies): AdmissionPlugin {
  const { reader } = dependencies;
  const turns = new Map<string, Promise<void>>();
  return {
    name: "ResourceQuota",
    handles,
    async validate(attributes) {
      const { namespace } = attributes;
      if (reader.list<ResourceQuota>("", "resourcequotas", namespace).length === 0) return;
      // One at a time in a namespace: two writes could each be the last that fits.
      const before = turns.get(namespace) ?? Promise.resolve();
      const turn = before.then(() => charge(attributes, dependencies));
      const settled = turn.catch(() => undefined);
      turns.set(namespace, settled);
      try {
        await turn;
      } finally {
        if (turns.get(namespace) === settled) turns.delete(namespace);
      }
    },
  };
}

function handles({ operation, namespace, kind, subresource }: Attributes): boolean {
  const name = `${kind.group}/${kind.plural}`;
  if (namespace === "" || name === "/namespaces" || ignored.has(name)) return false;
  if (subresource !== "") {
    return name === "/pods" && subresource === "resize" && operation === "UPDATE";
  }
  if (operation === "CREATE") return true;
  return operation === "UPDATE" && (name === "/services" || name === "/persistentvolumeclaims");
}

async function charge(attributes: Attributes, dependencies: PluginDependencies): Promise<void> {
  const { reader, quotas } = dependencies;
  const { namespace, options } = attributes;
  const done = new Set<string>();
  let busy = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const current = reader.list<ResourceQuota>("", "resourcequotas", namespace);
    const charges = current.filter(({ metadata }) => !done.has(metadata.name ?? ""))
      .flatMap((quota) => chargeOf(quota, attributes, dependencies.clock.now()));
    if (options.dryRun) return;
    busy = "";
    for (const { name, resourceVersion, used } of charges) {
      if (await quotas.updateUsed({ namespace, name }, resourceVersion, used)) done.add(name);
      else busy = name;
    }
    if (busy === "") return;
  }
  throw new StatusError(
    "Conflict",
    `Operation cannot be fulfilled on resourcequotas ${JSON.stringify(busy)}: the object has ` +
      "been modified; please apply your changes to the latest version and try again",
    { details: { name: busy, kind: "resourcequotas" } },
  );
}

interface Charge {
  readonly name: string;
  readonly resourceVersion: string;
  readonly used: Readonly<Record<string, string>>;
}

/** What the write adds to one quota: nothing, or one charge. Throws if the quota does not allow it. */
function chargeOf(quota: ResourceQuota, attributes: Attributes, now: number): readonly Charge[] {
  const { kind, object } = attributes;
  const { name = "", resourceVersion = "" } = quota.metadata;
  if (!object || !matchesScopes(quota, kind, object)) return [];
  const hard = amountsOf(quota.status?.hard);
  const counted = quotaNamesOf(kind, [...hard.keys()]);
  if (counted.length === 0) return [];
  checkRequired(quota, counted, attributes);
  const used = amountsOf(quota.status?.used);
  const unknown = counted.filter((resource) => !used.has(resource));
  if (unknown.length > 0) {
    const names = unknown.sort().join(",");
    throw refusal(attributes, `status unknown for quota: ${name}, resources: ${names}`);
  }
  const delta = deltaOf(quota, attributes, now);
  const wanted = counted.flatMap((resource): [string, Quantity][] => {
    const amount = delta.get(resource);
    return amount && amount.unscaled !== 0n ? [[resource, amount]] : [];
  });
  const next = new Map(wanted.map(([resource, amount]) => [
    resource,
    addQuantities(used.get(resource) ?? zeroQuantity, amount),
  ]));
  const exceeded = [...next].filter(([resource, amount]) =>
    compareQuantities(amount, hard.get(resource)!) > 0
  ).map(([resource]) => resource).sort();
  if (exceeded.length > 0) {
    throw refusal(
      attributes,
      `exceeded quota: ${name}, requested: ${show(exceeded, new Map(wanted))}, used: ` +
        `${show(exceeded, used)}, limited: ${show(exceeded, hard)}`,
    );
  }
  if (next.size === 0) return [];
  const texts = Object.fromEntries([...next].map(([resource, amount]) => [resource, amount.text]));
  return [{ name, resourceVersion, used: texts }];
}

/** A quota on cpu or memory makes every container say what it needs of it. */
function checkRequired(
  quota: ResourceQuota,
  counted: readonly string[],
  attributes: Attributes,
): void {
  if (attributes.kind.plural !== "pods" || attributes.kind.group !== "") return;
  const required = requiredNames(counted);
  if (required.length === 0) return;
  const { spec } = attributes.object as Pod;
  const absent = new Map<string, Set<string>>();
  // Set for the pod as a whole counts for each container (KEP-2837).
  const whole = computeUsage(
    amountsOf(spec?.resources?.requests),
    amountsOf(spec?.resources?.limits),
  );
  for (const container of [...spec?.containers ?? [], ...spec?.initContainers ?? []]) {
    const { requests, limits } = container.resources ?? {};
    const own = computeUsage(amountsOf(requests), amountsOf(limits));
    for (const name of required) {
      if (own.has(name) || whole.has(name)) continue;
      absent.set(name, (absent.get(name) ?? new Set()).add(container.name));
    }
  }
  if (absent.size === 0) return;
  const parts = [...absent].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, containers]) => `${name} for: ${[...containers].sort().join(",")}`);
  throw refusal(
    attributes,
    `failed quota: ${quota.metadata.name}: must specify ${parts.join("; ")}`,
  );
}

/** All that a new object counts; for an update what it counts more than before. */
function deltaOf(quota: ResourceQuota, attributes: Attributes, now: number): Amounts {
  const { kind, object, oldObject } = attributes;
  const usage = usageOf(kind, object!, now);
  const negative = [...usage].filter(([, amount]) => amount.unscaled < 0n).map(([name]) => name);
  if (negative.length > 0) {
    const names = negative.sort().join(",");
    throw refusal(attributes, `quota usage is negative for resource(s): ${names}`);
  }
  if (!oldObject || !matchesScopes(quota, kind, oldObject)) return usage;
  const before = usageOf(kind, oldObject, now);
  return new Map([...usage].map(([name, amount]) => {
    const change = subtractQuantities(amount, before.get(name) ?? zeroQuantity);
    return [name, change.unscaled < 0n ? zeroQuantity : change];
  }));
}

function show(names: readonly string[], amounts: Amounts): string {
  return names.map((name) => `${name}=${(amounts.get(name) ?? parseQuantity("0")).text}`).join(",");
}
