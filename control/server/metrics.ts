import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Filter } from "./request_context.ts";

/** What the server counts about itself, under the reference's names where it has them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: "apiserver_request_total",
    help: "Requests by verb, group, version, resource, subresource, scope and code.",
    labelNames: ["verb", "group", "version", "resource", "subresource", "scope", "code"],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: "apiserver_request_duration_seconds",
    help: "How long requests took, watches apart.",
    labelNames: ["verb", "group", "resource"],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 60],
    registers: [this.#registry],
  });
  readonly #inflight = new Gauge({
    name: "apiserver_current_inflight_requests",
    help: "Requests under way, open watches apart.",
    labelNames: ["request_kind"],
    registers: [this.#registry],
  });

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The outermost filter. */
  observe(clock: Clock): Filter {
    return async (c, next) => {
      const started = clock.monotonic();
      const kind = c.req.method === "GET" ? "readOnly" : "mutating";
      this.#inflight.inc({ request_kind: kind });
      try {
        await next();
      } finally {
        this.#inflight.dec({ request_kind: kind });
        const info = c.get("info");
        if (info?.isResource) {
          const { verb, group, version, resource, subresource, namespace, name } = info;
          const scope = name ? "resource" : namespace ? "namespace" : "cluster";
          const labels = { verb: verb.toUpperCase(), group, resource };
          this.#requests.inc({ ...labels, version, subresource, scope, code: c.res.status });
          if (verb !== "watch") {
            this.#seconds.observe(labels, (clock.monotonic() - started) / 1000);
          }
        }
      }
    };
  }
}
