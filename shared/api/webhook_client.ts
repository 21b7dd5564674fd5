import { type FieldError, invalid, required } from "../meta/field_error.ts";
import { isDns1123Subdomain, isPortNumber } from "../meta/names.ts";

/** Where a webhook is: a URL or a Service, as in admission webhooks and conversion of custom resources. */
export interface WebhookClient {
  url?: string | undefined;
  service?: {
    namespace: string;
    name: string;
    path?: string | undefined;
    port?: number | undefined;
  } | undefined;
}

/** The parts of a URL (RFC 3986, appendix B). */
const urlPattern = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const URL_FORM = "; desired format: https://host[/path]";

/** The port of a webhook's Service that says none. */
export function defaultWebhookClient(client: WebhookClient | undefined): void {
  if (client?.service) client.service.port ??= 443;
}

/** Exactly one of URL and Service, and each well formed. */
export function validateWebhookClient(client: WebhookClient, path: string): readonly FieldError[] {
  const { url, service } = client;
  if ((url === undefined) === (service === undefined)) {
    return [required(path, "exactly one of url or service is required")];
  }
  return url === undefined
    ? validateService(service!, `${path}.service`)
    : validateUrl(url, `${path}.url`);
}

function validateUrl(url: string, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const [, scheme = "", authority = "", , query = "", fragment = ""] = urlPattern.exec(url) ?? [];
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  if (scheme !== "https") {
    errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${URL_FORM}`));
  }
  if (host === "") errors.push(invalid(path, host, `host must be specified${URL_FORM}`));
  if (at >= 0) {
    const user = authority.slice(0, at);
    errors.push(invalid(path, user, "user information is not permitted in the URL"));
  }
  if (fragment !== "") {
    errors.push(invalid(path, fragment, "fragments are not permitted in the URL"));
  }
  if (query !== "") {
    errors.push(invalid(path, query, "query parameters are not permitted in the URL"));
  }
  return errors;
}

function validateService(
  service: NonNullable<WebhookClient["service"]>,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { name, namespace, port = 0 } = service;
  if (!name) errors.push(required(`${path}.name`));
  if (!namespace) errors.push(required(`${path}.namespace`));
  for (const message of isPortNumber(port)) {
    errors.push(invalid(`${path}.port`, port, `port is not valid: ${message}`));
  }
  validatePath(service.path ?? "", `${path}.path`, errors);
  return errors;
}

function validatePath(value: string, path: string, errors: FieldError[]): void {
  if (value === "" || value === "/") return;
  const fail = (detail: string) => errors.push(invalid(path, value, detail));
  if (value === "//") {
    fail("segment[0] may not be empty");
    return;
  }
  if (!value.startsWith("/")) fail("must start with a '/'");
  const rest = value.slice(1);
  const segments = (rest.endsWith("/") ? rest.slice(0, -1) : rest).split("/");
  segments.forEach((segment, index) => {
    if (segment === "") fail(`segment[${index}] may not be empty`);
    else for (const message of isDns1123Subdomain(segment)) fail(`segment[${index}]: ${message}`);
  });
}
