import { atLeast, type AuditBackend, type AuditEvent, type AuditMetrics } from "./event.ts";

export interface TruncatingOptions {
  /** Bytes of one event; a larger one loses its objects. */
  readonly maxEventSize: number;
  /** Bytes of the events that are handed on together. */
  readonly maxBatchSize: number;
  readonly metrics: AuditMetrics;
}

/** Leaves out the objects of events that are too large, and the events that are too large even so. */
export function truncating(backend: AuditBackend, options: TruncatingOptions): AuditBackend {
  return {
    name: `truncate<${backend.name}>`,
    async process(events) {
      let fine = true;
      for (const batch of batchesOf(events, options)) fine = await backend.process(batch) && fine;
      return fine;
    },
    close: () => backend.close(),
  };
}

function batchesOf(events: readonly AuditEvent[], options: TruncatingOptions): AuditEvent[][] {
  const { maxEventSize, maxBatchSize, metrics } = options;
  const batches: AuditEvent[][] = [];
  let size = Infinity;
  for (const event of events) {
    const small = fitting(event, maxEventSize);
    const bytes = sizeOf(small);
    if (bytes > maxEventSize) {
      metrics.failed("truncate", 1);
      continue;
    }
    if (size + bytes > maxBatchSize) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)!.push(small);
    size += bytes;
  }
  return batches;
}

function fitting(event: AuditEvent, maxEventSize: number): AuditEvent {
  if (!atLeast(event.level, "Request") || sizeOf(event) <= maxEventSize) return event;
  const { requestObject: _request, responseObject: _response, ...rest } = event;
  return { ...rest, annotations: { ...event.annotations, "audit.k8s.io/truncated": "true" } };
}

const encoder = new TextEncoder();

function sizeOf(event: AuditEvent): number {
  return encoder.encode(JSON.stringify(event)).length;
}
