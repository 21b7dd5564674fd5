import { DenoFileSystem } from "../../node/host/deno_file_system.ts";
import { DenoHost } from "../../node/host/deno_host.ts";
import type { AgentConfig } from "../../node/config.ts";
import { configFlag } from "../../shared/config/command_line.ts";
import { withAbsolutePaths } from "../../shared/config/settings.ts";
import { agentPart } from "../cluster/agent_part.ts";
import { connect } from "../cluster/api.ts";
import { bringUp, type ClusterPart } from "../cluster/bring_up.ts";
import { readInstallation, saveInstallation } from "../cluster/installation.ts";
import { checkMachine } from "../cluster/machine_check.ts";
import { addressToOthers } from "../cluster/own_address.ts";
import { serverPart } from "../cluster/server_part.ts";
import { type UpConfig, upConfig, upSettings } from "../cluster/up_config.ts";
import type { Command, Context } from "../command.ts";
import { runDemo } from "../demo/demo.ts";
import { readFootprint } from "../footprint/read_footprint.ts";
import { configFileOf, ensureDirectory } from "../inputs.ts";
import { absolute, type Layout, layoutOf } from "../layout.ts";
import { Daemon } from "../processes/daemon.ts";
import { machineProcesses } from "../processes/processes.ts";
import { assetOf } from "../program.ts";
import { Steps } from "../steps.ts";

/** `coracle up`: server and agent on this machine, in the background. */
export const up: Command = {
  name: "up",
  usage: "",
  summary: "start a cluster on this machine: server and node, in the background",
  description:
    "Checks the machine, starts the server and the agent unless they run, and waits until the node is ready. May be " +
    "repeated at any time. With --demo it also applies examples/hello and shows what its Service answers.",
  flags: [
    { flag: "--demo", help: "run examples/hello and print its answer" },
    ...upSettings,
    configFlag,
  ],
  async run({ flags }, context) {
    const wanted = upConfig(flags, configFileOf(flags));
    const cwd = Deno.cwd();
    const config = {
      ...withAbsolutePaths(upSettings, wanted, (path) => absolute(path, cwd)),
      dataDir: absolute(wanted.dataDir, cwd),
      cniConfigDir: wanted.cniConfigDir && absolute(wanted.cniConfigDir, cwd),
      schedulerConfig: wanted.schedulerConfig && absolute(wanted.schedulerConfig, cwd),
      nodeName: wanted.nodeName || Deno.hostname().toLowerCase(),
    };
    const interrupted = new AbortController();
    const interrupt = () =>
      interrupted.abort(new Error("Interrupted: what was started is stopped"));
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
    await start(config, {
      ...context,
      signal: interrupted.signal,
      demo: flags["--demo"] === "true",
    });
    return 0;
  },
};

interface Start extends Context {
  readonly signal: AbortSignal;
  readonly demo: boolean;
}

async function start(config: UpConfig, context: Start): Promise<void> {
  const { clock, print, program, signal } = context;
  const machine = { host: new DenoHost(), files: new DenoFileSystem(), uid: Deno.uid() };
  const steps = new Steps(clock, print);
  let layout = layoutOf(config.dataDir);
  await steps.step(async () => {
    const obstacle = await checkMachine(machine);
    if (obstacle) throw new Error(`Cannot start: ${obstacle.problem}. ${obstacle.remedy}`);
    layout = await prepare(config, machine);
    return `Machine is fit to be a node; data directory is ${layout.dataDir}`;
  });
  const agent = agentConfigOf(config, layout);
  const advertiseAddress = config.advertiseAddress ||
    await addressToOthers(machine.host, config.listen);
  await bringUp(partsOf({ ...config, advertiseAddress }, { ...context, layout, agent }), {
    steps,
    signal,
  });
  if (context.demo) {
    const api = connect(layout.kubeconfig);
    const directory = assetOf(program, "examples/hello");
    const { client } = api;
    const options = { ...machine, client, directory, clock, signal, config: agent };
    try {
      const answer = await runDemo(options, steps);
      print("");
      print(`  ${answer.split("\n").join("\n  ")}`);
    } finally {
      api.transport.close();
    }
  }
  print("");
  print(`Ready in ${steps.total}. Go on with:`);
  print(`  export KUBECONFIG=${layout.kubeconfig}`);
  print("  kubectl get pods -A");
}

function partsOf(
  config: UpConfig,
  { layout, agent, clock, program }: Start & {
    readonly layout: Layout;
    readonly agent: AgentConfig;
  },
): ClusterPart[] {
  const shared = { program, layout, clock };
  const daemons = { processes: machineProcesses, clock };
  const server = new Daemon("server", layout, daemons);
  const node = new Daemon("agent", layout, daemons);
  const serverConfig = { ...config, dataDir: layout.serverDir, logFile: server.logFile };
  return [
    serverPart(server, serverConfig, shared),
    agentPart(node, { ...agent, logFile: node.logFile }, shared),
  ];
}

/** The agent's configuration as far as it is known before the server runs. */
function agentConfigOf(config: UpConfig, layout: Layout): AgentConfig {
  return {
    ...config,
    dataDir: layout.agentDir,
    server: "",
    token: "",
    tokenFile: "",
    logFile: "",
    networkNamespace: "",
  };
}

/** Makes the directories, and keeps what the machine looks like if this is the first time. */
async function prepare(
  config: UpConfig,
  machine: { readonly host: DenoHost; readonly files: DenoFileSystem },
): Promise<Layout> {
  const layout = layoutOf(await ensureDirectory(config.dataDir));
  const installed = await readInstallation(layout);
  const before = installed?.before ?? await readFootprint(machine);
  const { serverDir, agentDir, runDir, logDir } = layout;
  for (const directory of [serverDir, agentDir, runDir, logDir]) await ensureDirectory(directory);
  const { nodeName, ownStorage, ociRuntime, clusterDns, clusterCidr } = config;
  const node = { nodeName, ownStorage, ociRuntime, clusterDns, clusterCidr, dataDir: agentDir };
  await saveInstallation(layout, { before, node });
  return layout;
}
