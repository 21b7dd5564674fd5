import { isIP } from "node:net";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import { AuditRecord, type RecordDeps } from "./audit_record.ts";
import type { Level } from "./event.ts";
import { auditDecider, type AuditPolicy } from "./policy.ts";

/** What the auditor reads off a request. */
export interface RequestFacts {
  readonly id: string;
  /** Path and query, as they came. */
  readonly uri: string;
  readonly info: RequestInfo;
  readonly user: UserInfo | undefined;
  /** The address at the other end of the connection. */
  readonly peer: string | undefined;
  readonly received: number;
  header(name: string): string | undefined;
}

/** Decides what is recorded of which request. */
export class Auditor {
  readonly #decide: ReturnType<typeof auditDecider>;
  readonly #deps: RecordDeps;

  constructor(policy: AuditPolicy, deps: RecordDeps) {
    this.#decide = auditDecider(policy);
    this.#deps = deps;
  }

  /** The record of a request; undefined if its policy wants none. */
  begin(facts: RequestFacts): AuditRecord | undefined {
    const { metrics } = this.#deps;
    const decision = this.#decide(facts.user, facts.info);
    metrics.level(decision.level);
    if (decision.level === ("None" satisfies Level)) return undefined;
    return new AuditRecord(decision, {
      ...facts,
      sourceIPs: sourceAddresses(facts),
      userAgent: facts.header("user-agent") ?? "",
    }, this.#deps);
  }

  /** A request was refused because its event could not be kept. */
  rejected(): void {
    this.#deps.metrics.rejected();
  }

  /** Sends what waits; no events may follow. */
  close(): Promise<void> {
    return this.#deps.backend.close();
  }
}

/** Where a request came from: what proxies said of it, and the connection's own peer last. */
function sourceAddresses({ header, peer }: RequestFacts): readonly string[] {
  const forwarded = (header("x-forwarded-for") ?? "").split(",").map((part) => part.trim());
  const all = forwarded.filter((part) => isIP(part) !== 0);
  const real = header("x-real-ip")?.trim() ?? "";
  if (isIP(real) !== 0 && !all.includes(real)) all.push(real);
  if (peer !== undefined && all.at(-1) !== peer) all.push(peer);
  return all;
}
