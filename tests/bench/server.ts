import { request } from "node:https";
import { systemClock } from "../../shared/clock/clock.ts";
import { eventually, signal } from "../e2e/harness/command.ts";
import { startLogged } from "../e2e/harness/logged.ts";

/** What a client presents, and what it trusts: PEM texts. */
export interface Identity {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** An API server with its store, on loopback. */
export interface RunningServer {
  readonly url: string;
  readonly admin: Identity;
  /** Server and store, whose use is measured. */
  readonly pids: readonly number[];
  /** From the first process's start to the first 200 of `/readyz`. */
  readonly readySeconds: number;
  /** Ends it in order, so that it can be started again on the same data. */
  stop(): Promise<void>;
}

/** Which programs besides the API server. */
export interface ServerOptions {
  /** Keeps everything of it; made if it is not there. */
  readonly directory: string;
  readonly port: number;
  readonly scheduler: boolean;
}

/** What can be measured: each start goes on with what is in the directory. */
export type StartServer = (options: ServerOptions) => Promise<RunningServer>;

const READY_MS = 120_000;
const STOP_MS = 30_000;

/** A program that was started, with its output in a file. */
export class LoggedProcess {
  readonly #name: string;
  readonly #log: string;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  constructor(command: readonly string[], { name, directory }: {
    readonly name: string;
    readonly directory: string;
  }) {
    this.#name = name;
    this.#log = `${directory}/${name}.log`;
    this.#child = startLogged(command, this.#log);
    void this.#child.status.then(() => this.#ended = true);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Throws, with the end of its log, if it has ended. */
  async assertRuns(): Promise<void> {
    if (!this.#ended) return;
    const log = await Deno.readTextFile(this.#log);
    throw new Error(`${this.#name} ended by itself: ${log.slice(-2000)}`);
  }

  /** Asks it to end, and kills it if it does not. */
  async stop(): Promise<void> {
    const killer = setTimeout(() => signal(this.#child, "SIGKILL"), STOP_MS);
    signal(this.#child, "SIGTERM");
    await this.#child.status;
    clearTimeout(killer);
  }
}

/** Waits for `/readyz`, looking every few milliseconds; resolves to the seconds since `begun` (monotonic). */
export async function readyAfter(
  begun: number,
  { port, processes }: { readonly port: number; readonly processes: readonly LoggedProcess[] },
): Promise<number> {
  await eventually(
    `port ${port} is ready`,
    async () => {
      for (const process of processes) await process.assertRuns();
      return await isReady(port);
    },
    READY_MS,
    5,
  );
  return (systemClock.monotonic() - begun) / 1000;
}

/** Ready is for everybody to know, so it is asked before there is a certificate to show or to trust. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: "/readyz", rejectUnauthorized: false };
    const sent = request({ ...options, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(false));
    sent.end();
  });
}
