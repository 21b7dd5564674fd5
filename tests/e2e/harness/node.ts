import { type AgentConfig, agentConfig } from "../../../node/config.ts";
import { runDirOf } from "../../../node/removal.ts";
import { agentArguments } from "../../../cli/cluster/agent_part.ts";
import { locateProgram } from "../../../cli/program.ts";
import { importImage } from "./image.ts";
import { eventually, output, run, signal } from "./command.ts";
import type { Lan } from "./lan.ts";
import { nodeLeftovers, podsOf } from "./leftovers.ts";
import { startLogged } from "./logged.ts";

/** A machine of the cluster: a network namespace with an agent in it. */
export class TestNode {
  readonly lan: Lan;
  /** Name in the LAN: `a`. */
  readonly short: string;
  readonly dataDir: string;
  #agent: Deno.ChildProcess | undefined;

  constructor(lan: Lan, short: string, dataDir: string) {
    this.lan = lan;
    this.short = short;
    this.dataDir = dataDir;
  }

  /** The Node object's name. */
  get name(): string {
    return `${this.lan.id}-${this.short}`;
  }

  get address(): string {
    return this.lan.addressOf(this.short);
  }

  get logFile(): string {
    return `${this.dataDir}.log`;
  }

  /** A command line for the node's network namespace. */
  inside(...command: string[]): string[] {
    return this.lan.inside(this.lan.namespaceOf(this.short), command);
  }

  /** A command line for this node's Podman: its own storage, not the machine's. */
  podman(...args: string[]): string[] {
    const runDir = runDirOf(this.#config());
    return [
      "podman",
      "--root",
      `${this.dataDir}/containers`,
      "--runroot",
      `${runDir}/storage`,
      "--tmpdir",
      `${runDir}/libpod`,
      ...args,
    ];
  }

  /** Starts the agent, as `coracle agent` in this namespace would. `token` is needed the first time. */
  startAgent(server: string, token = ""): void {
    const config = { ...this.#config(), server, token };
    const program = locateProgram();
    this.#agent = startLogged(
      this.inside(program.deno, ...agentArguments(program, config)),
      this.logFile,
    );
  }

  /** Waits until the agent has set Podman up, and gives it the tests' image. */
  async takeImage(archive: string): Promise<void> {
    const socket = `${runDirOf(this.#config())}/podman.sock`;
    await eventually(
      `${this.name}: Podman's socket`,
      async () => await Deno.stat(socket).then(() => true, () => false),
      60_000,
    );
    await importImage(this.podman(), archive);
  }

  async stopAgent(name: Deno.Signal): Promise<void> {
    if (!this.#agent) return;
    signal(this.#agent, name);
    await this.#agent.status;
    this.#agent = undefined;
  }

  /** Takes the node apart with the product's own code; resolves to what is left of it, one line for each thing. */
  async remove(): Promise<string[]> {
    await this.stopAgent("SIGTERM");
    const pods = await podsOf(this.dataDir);
    const script = new URL("remove_node.ts", import.meta.url).pathname;
    const program = locateProgram();
    const config = ["--config", `${program.root}/deno.json`];
    const { code, stderr, stdout } = await run(
      this.inside(program.deno, "run", "-A", ...config, script, this.dataDir, this.name),
      { timeoutMs: 60_000 },
    );
    const left = code === 0 ? [] : [`removal of ${this.name} failed: ${stderr}${stdout}`];
    left.push(
      ...await nodeLeftovers({
        pods,
        marks: [this.dataDir, runDirOf(this.#config())],
        inside: (...command) => output(this.inside(...command)),
      }),
    );
    return left;
  }

  #config(): AgentConfig {
    return agentConfig({
      "--server": "https://localhost:1",
      "--data-dir": this.dataDir,
      "--node-name": this.name,
      "--log-level": "debug",
    });
  }
}
