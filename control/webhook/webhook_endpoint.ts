import type { Random } from "../../shared/clock/random.ts";
import type { WebhookClient } from "../../shared/api/webhook_client.ts";
import { hostPort } from "../../shared/stream/dial_message.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { Destination } from "../network/network.ts";
import { serviceEndpoint } from "../network/service_endpoint.ts";
import { WebhookError } from "./webhook_error.ts";

/** Where a webhook is, as its configuration says it. `caBundle` is PEM in base64. */
export type WebhookTarget = WebhookClient & { readonly caBundle?: string | undefined };

/** A webhook's configuration, read. */
export interface WebhookEndpoint {
  /** `https://host:port`, the port only where the configuration gives one. */
  readonly origin: string;
  /** The Host header. */
  readonly host: string;
  readonly path: string;
  /** Whom the certificate must be for. */
  readonly serverName: string;
  /** PEM; undefined: the machine's authorities. */
  readonly ca: string | undefined;
  /** Where to connect; asked for each connection, as endpoints come and go. Throws StatusError. */
  destination(): Destination;
}

const httpsPort = 443;

/** Throws WebhookError for a configuration that validation would not have let through. */
export function webhookEndpoint(
  { url, service, caBundle }: WebhookTarget,
  { reader, random }: { readonly reader: AdmissionReader; readonly random: Random },
): WebhookEndpoint {
  const ca = caBundle ? atob(caBundle) : undefined;
  if (service) {
    const { namespace, name, path = "", port = httpsPort } = service;
    const serverName = `${name}.${namespace}.svc`;
    return {
      origin: `https://${serverName}:${port}`,
      host: `${serverName}:${port}`,
      path: cleanPath(path),
      serverName,
      ca,
      destination: () => serviceEndpoint(reader, { namespace, name, port }, random),
    };
  }
  if (!url) throw new WebhookError("webhook configuration must have either service or URL");
  const parsed = URL.parse(url);
  if (!parsed) throw new WebhookError(`Unparsable URL: ${url}`);
  const serverName = parsed.hostname.replace(/^\[|\]$/g, "");
  const written = /^https:\/\/[^/?#]*:\d+([/?#]|$)/.test(url);
  const port = Number(parsed.port || httpsPort);
  const host = written ? hostPort(serverName, port) : parsed.hostname;
  return {
    origin: `https://${host}`,
    host,
    path: cleanPath(parsed.pathname),
    serverName,
    ca,
    destination: () => ({ host: serverName, port }),
  };
}

/** One leading slash, no empty segments, none at the end (Go's `path.Join`). */
function cleanPath(path: string): string {
  return `/${path.split("/").filter((part) => part !== "").join("/")}`;
}
