import type { Clock } from "../../shared/clock/clock.ts";
import {
  type Counter,
  type Family,
  type Gauge,
  type Histogram,
  MetricRegistry,
} from "../../shared/metrics/metric_registry.ts";
import { whenResponseEnds } from "../endpoints/response_end.ts";
import { contentTypeName } from "../endpoints/negotiation.ts";
import { isLongRunning } from "./long_running.ts";
import { replaceResponse } from "./replace_response.ts";
import type { Filter, RequestContext, RequestInfo } from "./request_context.ts";

const place = ["group", "version", "resource", "subresource", "scope", "component"];
const durations = [
  0.005,
  0.025,
  0.05,
  0.1,
  0.2,
  0.4,
  0.6,
  0.8,
  1,
  1.25,
  1.5,
  2,
  3,
  4,
  5,
  6,
  8,
  10,
  15,
  20,
  30,
  45,
  60,
];

/** The series of requests of one kind: looked up once a kind, not once a request. */
interface RequestSeries {
  readonly verb: string;
  readonly place: readonly string[];
  readonly seconds: Histogram;
  readonly longRunning: Gauge | undefined;
  readonly byCode: Map<number, Counter>;
}

/** What the server counts about requests, under the reference's names. */
export class Metrics {
  readonly registry = new MetricRegistry();
  readonly #requests: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #longRunning: Family<Gauge>;
  readonly #inflight: { readonly readOnly: Gauge; readonly mutating: Gauge };
  readonly #terminations: Family<Counter>;
  readonly #known = new Map<string, RequestSeries>();

  constructor() {
    const { registry } = this;
    this.#requests = registry.counter({
      name: "apiserver_request_total",
      help: "Requests by verb, place and answer.",
      labels: ["verb", "dry_run", ...place, "code"],
    });
    this.#seconds = registry.histogram({
      name: "apiserver_request_duration_seconds",
      help: "How long requests took, watches and other long-running ones apart.",
      labels: ["verb", "dry_run", ...place],
      buckets: durations,
    });
    this.#longRunning = registry.gauge({
      name: "apiserver_longrunning_requests",
      help: "Long-running requests under way.",
      labels: ["verb", ...place],
    });
    this.#terminations = registry.counter({
      name: "apiserver_request_terminations_total",
      help: "Requests that the server refused or ended to protect itself.",
      labels: ["verb", ...place, "code"],
    });
    const inflight = registry.gauge({
      name: "apiserver_current_inflight_requests",
      help: "Requests under way, long-running ones apart.",
      labels: ["request_kind"],
    });
    this.#inflight = { readOnly: inflight.with("readOnly"), mutating: inflight.with("mutating") };
  }

  get contentType(): string {
    return MetricRegistry.contentType;
  }

  /** The exposition text. */
  text(): string {
    return this.registry.text();
  }

  /** The outermost filter. */
  observe(clock: Clock): Filter {
    return async (c, next) => {
      const started = clock.monotonic();
      const reads = c.req.method === "GET" || c.req.method === "HEAD";
      const inflight = reads ? this.#inflight.readOnly : this.#inflight.mutating;
      inflight.value++;
      try {
        await next();
      } finally {
        inflight.value--;
        this.#count(c, (clock.monotonic() - started) / 1000);
      }
    };
  }

  #count(c: RequestContext, seconds: number): void {
    const info = c.get("info");
    if (!info || (!info.isResource && !isHealth(info.path))) return;
    const series = this.#seriesOf(c, info);
    const { status } = c.res;
    let code = series.byCode.get(status);
    if (!code) {
      code = this.#requests.with(series.verb, dryRunOf(c, info), ...series.place, String(status));
      series.byCode.set(status, code);
    }
    code.value++;
    const { longRunning } = series;
    if (!longRunning) series.seconds.observe(seconds);
    else if (status < 300) {
      longRunning.value++;
      replaceResponse(c, whenResponseEnds(c.res, () => longRunning.value--));
    }
    if (status === 429 || status === 504) {
      this.#terminations.with(series.verb, ...series.place, String(status)).inc();
    }
  }

  #seriesOf(c: RequestContext, info: RequestInfo): RequestSeries {
    const { verb, group, version, resource, subresource, namespace, name } = info;
    const scope = name !== "" || verb === "create"
      ? "resource"
      : namespace !== ""
      ? "namespace"
      : info.isResource
      ? "cluster"
      : "";
    const dryRun = dryRunOf(c, info);
    const shown = verbOf(c, info);
    const part = info.isResource ? subresource : info.path;
    const key = `${shown} ${group}/${version}/${resource}/${part} ${scope} ${dryRun}`;
    let known = this.#known.get(key);
    if (!known) {
      const labels = [group, version, resource, part, scope, "apiserver"];
      known = {
        verb: shown,
        place: labels,
        seconds: this.#seconds.with(shown, dryRun, ...labels),
        longRunning: isLongRunning(info) ? this.#longRunning.with(shown, ...labels) : undefined,
        byCode: new Map(),
      };
      // Paths come from outside.
      if (this.#known.size < maxKnown) this.#known.set(key, known);
    }
    return known;
  }
}

const maxKnown = 5_000;
const health = new Set(["/healthz", "/livez", "/readyz"]);

function isHealth(path: string): boolean {
  return health.has(path);
}

const verbs: Readonly<Record<string, string>> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
  head: "HEAD",
};
const connections = new Set(["log", "exec", "portforward", "attach", "proxy"]);

function verbOf(c: RequestContext, { verb, subresource }: RequestInfo): string {
  if (connections.has(subresource)) return "CONNECT";
  if (verb === "patch") {
    const type = contentTypeName(c.req.header("content-type"));
    return type === "application/apply-patch+yaml" ? "APPLY" : "PATCH";
  }
  return verbs[verb] ?? "other";
}

/** `All` or nothing. */
function dryRunOf(c: RequestContext, { verb }: RequestInfo): string {
  if (verb === "get" || verb === "list" || verb === "watch") return "";
  return c.get("query").get("dryRun") ? "All" : "";
}
