import { Agent, type AgentOptions, type ClientRequest } from "node:http";
import type { Duplex } from "node:stream";
import { isIP } from "node:net";
import { connect as tlsConnect, type PeerCertificate, type TLSSocket } from "node:tls";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import { handshakeMessage, serverIdentityError } from "./tls_words.ts";

/** How a server proves itself, and we to it. */
export interface TlsOptions {
  /** Whom the server's certificate must be for: a name or an address. */
  readonly serverName: string;
  /** PEM of the authorities that count; absent: the machine's. */
  readonly ca?: string | undefined;
  readonly certificate?: { readonly certPem: string; readonly keyPem: string } | undefined;
  /** The server's certificate is not looked at. */
  readonly insecure?: boolean | undefined;
}

export interface TlsAgentOptions {
  /** Asked for each connection, as certificates are renewed. */
  readonly tls: () => TlsOptions;
  /** A connection to the server, made for each that none is kept for; see `Network.dial`. */
  readonly dial: () => Promise<Duplex>;
  readonly clock: Clock;
  readonly maxConnections?: number;
}

/** As Go's default transport. */
const idleMs = 90_000;
const handshakeMs = 10_000;

/**
 * Speaks HTTPS over connections that are dialled by whatever means, and keeps them. HTTP/1.1, as the reference does with
 * webhooks: one HTTP/2 connection would keep every request on one endpoint.
 */
export class TlsAgent extends Agent {
  readonly #options: TlsAgentOptions;
  readonly #idle = new WeakMap<Duplex, Timer>();

  constructor(options: TlsAgentOptions) {
    const limits: AgentOptions = {
      keepAlive: true,
      maxFreeSockets: 8,
      maxSockets: options.maxConnections ?? 128,
    };
    super(limits);
    this.#options = options;
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex {
    this.#connect().then(
      (socket) => done!(null, socket),
      (error: Error) => done!(error, undefined as unknown as Duplex),
    );
    // The base class waits for the callback when nothing comes back.
    return undefined as unknown as Duplex;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    this.#idle.set(socket, this.#options.clock.after(idleMs, () => socket.destroy()));
    return true;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#idle.get(socket)?.cancel();
    super.reuseSocket(socket, request);
  }

  async #connect(): Promise<Duplex> {
    const { dial, clock, tls } = this.#options;
    const socket = await overTls(await dial(), tls(), clock);
    socket.once("close", () => this.#idle.get(socket)?.cancel());
    // The other side has said all it will: there is no answer to be had on this connection any more.
    socket.once("end", () => socket.destroy());
    return socket;
  }
}

/** The handshake over a connection at hand. Rejects with Go's words; the connection is then closed. */
export function overTls(
  connection: Duplex,
  { serverName, ca, certificate, insecure = false }: TlsOptions,
  clock: Clock,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: connection as never,
      ALPNProtocols: ["http/1.1"],
      // A name goes to the server as well; an address must not (RFC 6066, section 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
      ...(ca !== undefined && { ca }),
      ...(certificate && { cert: certificate.certPem, key: certificate.keyPem }),
      rejectUnauthorized: !insecure,
      checkServerIdentity: (_host: string, peer: PeerCertificate) =>
        serverIdentityError(serverName, peer),
    });
    const fail = (error: Error) => {
      timer.cancel();
      socket.destroy();
      connection.destroy();
      reject(new Error(handshakeMessage(error)));
    };
    const timer = clock.after(
      handshakeMs,
      () => fail(new Error("net/http: TLS handshake timeout")),
    );
    const ended = () => fail(new Error("EOF"));
    socket.on("error", fail);
    socket.once("close", ended);
    socket.once("secureConnect", () => {
      timer.cancel();
      socket.off("error", fail);
      socket.off("close", ended);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => connection.destroy());
      resolve(socket);
    });
  });
}
