import { serverConfig } from "../../../control/config.ts";
import { serverArguments } from "../../../cli/cluster/server_part.ts";
import { tokenSecret } from "../../../cli/cluster/join_tokens.ts";
import { locateProgram } from "../../../cli/program.ts";
import { systemClock } from "../../../shared/clock/clock.ts";
import { caHashOf, formatJoinToken } from "../../../shared/join_token/join_token.ts";
import { eventually, run, signal } from "./command.ts";
import { packImage } from "./image.ts";
import { Kubectl } from "./kubectl.ts";
import { Lan } from "./lan.ts";
import { directoryOf, runName, staleRuns } from "./stale.ts";
import { startLogged } from "./logged.ts";
import { TestNode } from "./node.ts";

const token = { id: "abcdef", secret: "0123456789abcdef" };

/** A real cluster from the working tree: a server and two nodes, each in a network namespace of its own. */
export class TestCluster {
  readonly lan: Lan;
  readonly directory: string;
  readonly nodes: readonly [TestNode, TestNode];
  readonly kubectl: Kubectl;
  /** The path of the program. */
  readonly kubectlProgram: string;
  #server: Deno.ChildProcess | undefined;
  #namespaces = 0;

  constructor(kubectl: string, run = runName(Deno.pid)) {
    this.directory = directoryOf(run);
    this.kubectlProgram = kubectl;
    this.lan = new Lan(run, ["a", "b"]);
    this.nodes = [this.#node("a"), this.#node("b")];
    this.kubectl = new Kubectl({
      command: this.lan.inside(this.lan.hub, [kubectl]),
      env: { KUBECONFIG: `${this.#serverDir}/admin.kubeconfig`, HOME: this.directory },
      namespace: "",
    });
  }

  /** Starts everything; what it started is gone again if that fails. */
  static async start(kubectl: string): Promise<TestCluster> {
    for (const run of await staleRuns()) {
      console.log(`cleaning up after ${run}, which was killed`);
      await new TestCluster(kubectl, run).stop();
    }
    const cluster = new TestCluster(kubectl);
    await Deno.mkdir(cluster.directory);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      console.log(await cluster.lastWords());
      await cluster.stop();
      throw error;
    }
  }

  /** Resolves to kubectl in a new namespace, which `dispose` deletes without waiting. */
  async namespace(): Promise<Kubectl & AsyncDisposable> {
    const name = `t${++this.#namespaces}`;
    await this.kubectl.do(["create", "namespace", name]);
    const kubectl = this.kubectl.in(name);
    await eventually(`a service account in ${name}`, async () => {
      return (await kubectl.run(["get", "serviceaccount", "default"])).code === 0;
    });
    return Object.assign(kubectl, {
      [Symbol.asyncDispose]: async () => {
        await this.kubectl.run(["delete", "namespace", name, "--wait=false"]);
      },
    });
  }

  /** Starts the server with the narrow rights that `coracle up` gives it; resolves when it is ready. */
  async startServer(): Promise<void> {
    const program = locateProgram();
    await Deno.mkdir(this.#serverDir, { recursive: true });
    const config = serverConfig({
      "--data-dir": this.#serverDir,
      "--listen": `${this.lan.hubAddress}:6443`,
      "--node-monitor-grace-seconds": "20",
    });
    const command = [program.deno, ...serverArguments(program, config)];
    this.#server = startLogged(this.lan.inside(this.lan.hub, command), this.#serverLog);
    let ended = false;
    void this.#server.status.then(() => ended = true);
    await eventually("the server is ready", async () => {
      if (ended) throw new Error("The server ended at once");
      return (await this.kubectl.run(["get", "--raw", "/readyz"])).stdout === "ok";
    });
  }

  async stopServer(name: Deno.Signal): Promise<void> {
    if (!this.#server) return;
    signal(this.#server, name);
    await this.#server.status;
    this.#server = undefined;
  }

  startAgent(node: TestNode, joinToken?: string): void {
    node.startAgent(`https://${this.lan.hubAddress}:6443`, joinToken);
  }

  /** Ends and removes everything; resolves to what is left all the same, one line for each thing. */
  async stop(): Promise<string[]> {
    const left: string[] = [];
    for (const lines of await Promise.all(this.nodes.map((node) => node.remove()))) {
      left.push(...lines);
    }
    await this.stopServer("SIGTERM");
    await this.lan.remove();
    const keep = Deno.env.get("KEEP_LOGS");
    if (keep) {
      await run(["sh", "-c", 'mkdir -p "$2" && cp "$1"/*.log "$2"', "sh", this.directory, keep]);
    }
    await run(["rm", "-rf", this.directory]);
    return left;
  }

  /** The ends of all logs, for a failed test. */
  async lastWords(lines = 15): Promise<string> {
    const logs = [this.#serverLog, ...this.nodes.map(({ logFile }) => logFile)];
    const texts = await Promise.all(logs.map(async (path) => {
      const text = await Deno.readTextFile(path).catch(() => "(none)");
      const serious = text.trim().split("\n").filter((line) =>
        !/"level":"(debug|info)"/.test(line)
      );
      return `--- ${path}\n${serious.slice(-lines).map((line) => line.slice(0, 600)).join("\n")}`;
    }));
    return texts.join("\n");
  }

  get #serverDir(): string {
    return `${this.directory}/server`;
  }

  get #serverLog(): string {
    return `${this.directory}/server.log`;
  }

  #node(short: string): TestNode {
    return new TestNode(this.lan, short, `${this.directory}/${short}`);
  }

  async #start(): Promise<void> {
    const start = performance.now();
    const archive = `${this.directory}/image.tar`;
    await Promise.all([this.lan.build(), packImage(archive)]);
    await this.startServer();
    const server = performance.now();
    const joinToken = await this.#joinToken();
    for (const node of this.nodes) this.startAgent(node, joinToken);
    await Promise.all(this.nodes.map((node) => node.takeImage(archive)));
    await eventually("two nodes", async () => {
      const { items } = await this.kubectl.get<{ items: unknown[] }>("nodes");
      return items.length === this.nodes.length;
    });
    await this.kubectl.do(["wait", "--for=condition=Ready", "--timeout=60s", "node", "--all"]);
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    console.log(
      `server ready after ${seconds(server - start)} s, two nodes with the image ${
        seconds(performance.now() - server)
      } s later`,
    );
  }

  async #joinToken(): Promise<string> {
    const secret = tokenSecret(token, { clock: systemClock, ttlMs: 600_000, description: "e2e" });
    await this.kubectl.in("kube-system").do(["create", "-f", "-"], {
      stdin: JSON.stringify(secret),
    });
    const ca = await Deno.readTextFile(`${this.#serverDir}/certificates/ca.crt`);
    return formatJoinToken({ ...token, caHash: await caHashOf(ca) });
  }
}
