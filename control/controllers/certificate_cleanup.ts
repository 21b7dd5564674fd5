import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import type { CertificateSigningRequest } from "../../shared/api/certificates/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { keyOf } from "../../shared/informer/informer.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { type ControllerDefinition, done } from "./controller.ts";

const hourMs = 3600_000;
/** How long a request stays after it was answered, one way or the other. */
const answeredMs = hourMs;
/** How long a request waits for an answer. */
const waitingMs = 24 * hourMs;
const podRequestMs = hourMs / 4;

/** Deletes CertificateSigningRequests that nobody needs any more. */
export const certificateCleanupController: ControllerDefinition = {
  name: "certificatesigningrequest-cleaner-controller",
  account: "certificate-controller",
  setup({ client, informers, clock, enqueue }) {
    const requests = informers.of(resources.certificatesigningrequests);
    requests.onChange((request) => request && enqueue(keyOf(request)));
    return async (key) => {
      const request = requests.get(key);
      if (!request || isBeingDeleted(request)) return done;
      const wait = requestEndsInMs(request, clock.now());
      if (wait > 0) return { requeueAfterMs: wait };
      const { name = "", uid } = request.metadata;
      await client.delete(resources.certificatesigningrequests, { name }, {
        preconditions: { uid },
      })
        .catch(ignoreMissing);
      return done;
    };
  },
};

/** Deletes PodCertificateRequests a quarter of an hour after they were made: by then the node has what it asked for. */
export const podCertificateCleanupController: ControllerDefinition = {
  name: "podcertificaterequest-cleaner-controller",
  account: "podcertificaterequestcleaner",
  setup({ client, informers, clock, enqueue }) {
    const requests = informers.of(resources.podcertificaterequests);
    requests.onChange((request) => request && enqueue(keyOf(request)));
    return async (key) => {
      const request = requests.get(key);
      if (!request || isBeingDeleted(request)) return done;
      const { namespace, name = "", uid, creationTimestamp = "" } = request.metadata;
      const wait = Date.parse(creationTimestamp) + podRequestMs - clock.now();
      if (wait > 0) return { requeueAfterMs: wait };
      const ref = { namespace, name };
      await client.delete(resources.podcertificaterequests, ref, { preconditions: { uid } })
        .catch(ignoreMissing);
      return done;
    };
  },
};

/** Milliseconds until the request may go; not positive: now. */
export function requestEndsInMs(
  { metadata, status }: CertificateSigningRequest,
  now: number,
): number {
  const conditions = status?.conditions ?? [];
  const certificate = status?.certificate;
  const ends: number[] = [];
  if (conditions.length === 0) ends.push(Date.parse(metadata.creationTimestamp ?? "") + waitingMs);
  for (const { type, lastUpdateTime } of conditions) {
    const at = Date.parse(lastUpdateTime ?? "");
    if (type === "Denied" || type === "Failed") ends.push(at + answeredMs);
    if (type === "Approved") {
      ends.push(at + (certificate ? answeredMs : waitingMs));
      if (certificate) ends.push(expiryOf(certificate));
    }
  }
  const known = ends.filter((end) => !Number.isNaN(end));
  return known.length === 0 ? waitingMs : Math.min(...known) - now;
}

/** When an issued certificate ends; NaN if it cannot be read. */
function expiryOf(certificate: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, "base64")).validTo);
  } catch {
    return NaN;
  }
}

function ignoreMissing(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}
