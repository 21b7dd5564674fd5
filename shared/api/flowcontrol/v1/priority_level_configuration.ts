import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from "./types.gen.ts";

const MAX_QUEUES = 10_000_000;
/** Bits of a hash that dealing a hand of queues may use up (KEP-1040, shuffle sharding). */
const MAX_HASH_BITS = 60;

/** A PriorityLevelConfiguration is a share of the API server and what happens to requests that exceed it. */
export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  scope: "Cluster",
  schema: schemaOf("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Type", type: "string", cell: ({ spec }) => spec.type },
    {
      name: "NominalConcurrencyShares",
      type: "string",
      cell: ({ spec }) => spec.limited?.nominalConcurrencyShares ?? "<none>",
    },
    { name: "Queues", type: "string", cell: (obj) => queuing(obj)?.queues ?? "<none>" },
    { name: "HandSize", type: "string", cell: (obj) => queuing(obj)?.handSize ?? "<none>" },
    {
      name: "QueueLengthLimit",
      type: "string",
      cell: (obj) => queuing(obj)?.queueLengthLimit ?? "<none>",
    },
    ageColumn(),
  ],
  strategy: {
    defaults: (obj) => defaultSpec(obj.spec ??= { type: "" }),
    generationOf: (obj) => obj.spec,
    validate: (obj) => validateSpec(obj.spec, obj.metadata.name ?? "", "spec"),
  },
});

function queuing(obj: PriorityLevelConfiguration): QueuingConfiguration | undefined {
  return obj.spec.limited?.limitResponse?.queuing;
}

function defaultSpec(spec: PriorityLevelConfigurationSpec): void {
  if (spec.type === "Exempt") spec.exempt ??= {};
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queues = spec.limited.limitResponse?.queuing;
  if (!queues) return;
  queues.queues ||= 64;
  queues.handSize ||= 8;
  queues.queueLengthLimit ||= 50;
}

function validateSpec(
  spec: PriorityLevelConfigurationSpec,
  name: string,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((name === "exempt") !== (spec.type === "Exempt")) {
    const detail = "type must be 'Exempt' if and only if name is 'exempt'";
    errors.push(invalid(`${path}.type`, spec.type, detail));
  }
  if (spec.type === "Exempt") {
    if (spec.limited) {
      errors.push(forbidden(`${path}.limited`, "must be nil if the type is not Limited"));
    }
    validateShares(spec.exempt ?? {}, `${path}.exempt`, errors);
  } else if (spec.type === "Limited") {
    if (spec.exempt) {
      errors.push(forbidden(`${path}.exempt`, "must be nil if the type is Limited"));
    }
    if (!spec.limited) {
      errors.push(required(`${path}.limited`, "must not be empty when type is Limited"));
    } else validateLimited(spec.limited, `${path}.limited`, errors);
  } else errors.push(notSupported(`${path}.type`, spec.type ?? "", ["Exempt", "Limited"]));
  return errors;
}

function validateLimited(
  limited: LimitedPriorityLevelConfiguration,
  path: string,
  errors: FieldError[],
): void {
  validateShares(limited, path, errors);
  const { borrowingLimitPercent: borrowing, limitResponse } = limited;
  if (borrowing !== undefined && borrowing < 0) {
    const detail = "if specified, must be a non-negative integer";
    errors.push(invalid(`${path}.borrowingLimitPercent`, borrowing, detail));
  }
  validateResponse(limitResponse ?? { type: "" }, `${path}.limitResponse`, errors);
}

function validateShares(
  shares: { nominalConcurrencyShares?: number | undefined; lendablePercent?: number | undefined },
  path: string,
  errors: FieldError[],
): void {
  const { nominalConcurrencyShares: nominal = 0, lendablePercent: lendable = 0 } = shares;
  if (nominal < 0) {
    const detail = "must be a non-negative integer";
    errors.push(invalid(`${path}.nominalConcurrencyShares`, nominal, detail));
  }
  if (lendable < 0 || lendable > 100) {
    const detail = "must be between 0 and 100, inclusive";
    errors.push(invalid(`${path}.lendablePercent`, lendable, detail));
  }
}

function validateResponse(response: LimitResponse, path: string, errors: FieldError[]): void {
  const { type, queuing } = response;
  if (type === "Reject") {
    if (!queuing) return;
    const detail = "must be nil if limited.limitResponse.type is not Limited";
    errors.push(forbidden(`${path}.queuing`, detail));
  } else if (type === "Queue") {
    const detail = "must not be empty if limited.limitResponse.type is Limited";
    if (!queuing) errors.push(required(`${path}.queuing`, detail));
    else validateQueuing(queuing, `${path}.queuing`, errors);
  } else errors.push(notSupported(`${path}.type`, type ?? "", ["Queue", "Reject"]));
}

function validateQueuing(queuing: QueuingConfiguration, path: string, errors: FieldError[]): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const at = `${path}.handSize`;
  if (queueLengthLimit <= 0) {
    errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, "must be positive"));
  }
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, "must be positive"));
  else if (queues > MAX_QUEUES) {
    const detail = `must not be greater than ${MAX_QUEUES}`;
    errors.push(invalid(`${path}.queues`, queues, detail));
  }
  if (handSize <= 0) errors.push(invalid(at, handSize, "must be positive"));
  else if (handSize > queues) {
    errors.push(invalid(at, handSize, `should not be greater than queues (${queues})`));
  } else if (hashBits(queues, handSize) > MAX_HASH_BITS) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should ` +
      `not be greater than ${MAX_HASH_BITS}`;
    errors.push(invalid(at, handSize, detail));
  }
}

/** Bits needed to deal `hand` of `deck` cards without putting any back. */
function hashBits(deck: number, hand: number): number {
  let bits = 0;
  for (let dealt = 0; dealt < hand && bits <= MAX_HASH_BITS; dealt++) {
    bits += Math.log2(deck - dealt);
  }
  return Math.ceil(bits);
}
