import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { KeyPairPem } from "../certificates/authority.ts";
import {
  AnswerError,
  deadlineExceeded,
  exchange,
  type ExchangeAnswer,
} from "../network/exchange.ts";
import type { Destination, Network } from "../network/network.ts";
import { serviceEndpoint } from "../network/service_endpoint.ts";
import { TlsAgent, type TlsOptions } from "../network/tls_agent.ts";
import type { UserInfo } from "../server/request_context.ts";
import { proxyHeaders } from "./proxy_headers.ts";

export interface RemoteApiDependencies {
  readonly reader: AdmissionReader;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  /** What the server shows to those who must believe it about its users. */
  readonly proxyCertificate: () => KeyPairPem | undefined;
}

/** How a document of an API is asked for. */
export interface DocumentRequest {
  readonly path: string;
  readonly accept: string;
  readonly etag?: string | undefined;
  readonly timeoutMs: number;
}

const maxDocumentBytes = 64 * 1024 * 1024;
const defaultPort = 443;

/** The server asks in its own name for what it publishes of others. */
const aggregator: UserInfo = { name: "system:kube-aggregator", groups: ["system:masters"] };

/** One group and version that another server answers for, behind a Service. */
export class RemoteApi {
  #service: APIService;
  readonly #deps: RemoteApiDependencies;
  readonly #agent: TlsAgent;

  constructor(service: APIService, deps: RemoteApiDependencies) {
    this.#service = service;
    this.#deps = deps;
    this.#agent = new TlsAgent({
      tls: () => this.tls,
      dial: async () => await deps.network.dial(this.destination()),
      clock: deps.clock,
    });
  }

  /** As it was last seen. */
  get service(): APIService {
    return this.#service;
  }
  get group(): string {
    return this.service.spec?.group ?? "";
  }
  get version(): string {
    return this.service.spec?.version ?? "";
  }
  /** Keeps connections to the server. */
  get agent(): TlsAgent {
    return this.#agent;
  }

  /** Whether its last check went well. */
  get isAvailable(): boolean {
    return this.service.status?.conditions?.some(({ type, status }) =>
      type === "Available" && status === "True"
    ) ?? false;
  }

  /** Takes a new state whose server is the same. True: it is available where it was not, or the other way round. */
  update(service: APIService): boolean {
    const was = this.isAvailable;
    this.#service = service;
    return was !== this.isAvailable;
  }

  /** How the server proves itself, and we to it. */
  get tls(): TlsOptions {
    const { insecureSkipTLSVerify, caBundle } = this.service.spec ?? {};
    const { name, namespace } = this.#reference();
    const pair = this.#deps.proxyCertificate();
    return {
      serverName: `${name}.${namespace}.svc`,
      ca: caBundle ? atob(caBundle) : undefined,
      insecure: insecureSkipTLSVerify,
      certificate: pair && { certPem: pair.certificate, keyPem: pair.key },
    };
  }

  /** Path of the group and version's own discovery document. */
  get path(): string {
    return this.group === "" ? `/api/${this.version}` : `/apis/${this.group}/${this.version}`;
  }

  /** What tells the server apart from others: several versions of a group mostly have the same. */
  get server(): string {
    const { name, namespace, port } = this.#reference();
    return `${namespace}/${name}:${port}`;
  }

  /** A ready endpoint of the Service. Throws StatusError. */
  destination(): Destination {
    return serviceEndpoint(this.#deps.reader, this.#reference(), this.#deps.random);
  }

  /** Asks for a document in the server's own name. Rejects with an Error in Go's words. */
  async ask({ path, accept, etag, timeoutMs }: DocumentRequest): Promise<ExchangeAnswer> {
    const late = new AbortController();
    const timer = this.#deps.clock.after(timeoutMs, () => late.abort(deadlineExceeded));
    try {
      return await exchange({
        agent: this.#agent,
        method: "GET",
        path,
        headers: {
          host: this.tls.serverName,
          accept,
          ...(etag !== undefined && { "if-none-match": etag }),
          ...proxyHeaders(aggregator),
        },
        signal: late.signal,
        maxAnswerBytes: maxDocumentBytes,
      });
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      const url = JSON.stringify(`https://${this.tls.serverName}${path}`);
      throw new Error(`Get ${url}: ${(error as Error).message}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #reference() {
    const { name = "", namespace = "", port = defaultPort } = this.service.spec?.service ?? {};
    return { name, namespace, port };
  }
}
