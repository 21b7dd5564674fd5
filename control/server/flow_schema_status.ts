import type { FlowSchema, FlowSchemaCondition } from "../../shared/api/flowcontrol/v1/types.gen.ts";
import { apiVersionOf, type KubeObject } from "../../shared/api/kind.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { applyFields } from "../registry/field_tracking.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { WriteScope } from "../registry/store_types.ts";

const group = "flowcontrol.apiserver.k8s.io";

interface Follower {
  readonly schemas: ResourceStore;
  readonly levels: ResourceStore;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps the `Dangling` condition of every FlowSchema: whether its priority level is there (KEP-1040). Called once,
 * when the standard objects are written; ends with the watch cache.
 */
export async function followFlowSchemas(
  { storeOf, clock, log }: {
    readonly storeOf: (group: string, plural: string) => ResourceStore;
    readonly clock: Clock;
    readonly log: Log;
  },
): Promise<void> {
  const schemas = storeOf(group, "flowschemas");
  const levels = storeOf(group, "prioritylevelconfigurations");
  const options = { schemas, levels, clock, log };
  const judge = (value: Uint8Array) => void update(decodeStored(value) as FlowSchema, options);
  const sink = { bookmark() {}, closed() {} };
  await levels.cache.watch({}, {
    ...sink,
    events(batch) {
      const names = new Set(batch.map(({ entry }) => entry.name));
      for (const { value } of schemas.cache.entries()) {
        if (names.has(levelOf(decodeStored(value) as FlowSchema))) judge(value);
      }
    },
  });
  await schemas.cache.watch({}, {
    ...sink,
    events(batch) {
      for (const { type, entry } of batch) if (type !== "DELETED") judge(entry.value);
    },
  });
}

async function update(schema: FlowSchema, options: Follower): Promise<void> {
  const { schemas, levels, clock, log } = options;
  const name = schema.metadata.name!;
  const found = [...levels.cache.entries()].some((entry) => entry.name === levelOf(schema));
  const now = timestamp(clock.now());
  if (!danglingCondition(schema, found, now)) return;
  const apply = (live: KubeObject) => {
    const condition = danglingCondition(live as FlowSchema, found, now);
    if (!condition) return live;
    const applied = {
      apiVersion: apiVersionOf(schemas.kind),
      kind: schemas.kind.kind,
      metadata: { name },
      status: { conditions: [condition] },
    };
    return applyFields(schemas.kind, { applied, live, force: true, scope, now });
  };
  try {
    await schemas.update(schemas.kind, name, apply, scope, { direct: true, fieldsTracked: true });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    log.error("Flow schema's condition not written", error, { name });
  }
}

/** The condition that the schema should have; undefined if it has it. */
function danglingCondition(
  schema: FlowSchema,
  found: boolean,
  now: string,
): FlowSchemaCondition | undefined {
  const level = levelOf(schema);
  const subject =
    `This FlowSchema references the PriorityLevelConfiguration object named "${level}"`;
  const wanted = found
    ? { status: "False", reason: "Found", message: `${subject} and it exists` }
    : { status: "True", reason: "NotFound", message: `${subject} but there is no such object` };
  const current = schema.status?.conditions?.find(({ type }) => type === "Dangling");
  if (current?.status === wanted.status && current.message === wanted.message) return undefined;
  const since = current?.status === wanted.status ? current.lastTransitionTime : now;
  return { type: "Dangling", ...wanted, lastTransitionTime: since ?? now };
}

function levelOf({ spec }: FlowSchema): string {
  return spec.priorityLevelConfiguration?.name ?? "";
}

const scope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "status",
  dryRun: false,
  fieldManager: "api-priority-and-fairness-config-consumer-v1",
  warn() {},
};
