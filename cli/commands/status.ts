import { apiVersionInfo, coracleVersion } from "../../control/server/version.ts";
import type { Node, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { readyCondition } from "../cluster/agent_part.ts";
import { type Api, connect, isReady } from "../cluster/api.ts";
import { readInstallation } from "../cluster/installation.ts";
import type { Command } from "../command.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { layoutOf } from "../layout.ts";
import { Daemon } from "../processes/daemon.ts";
import { machineProcesses } from "../processes/processes.ts";

/** `coracle status`: what runs, and whether all is well. */
export const status: Command = {
  name: "status",
  usage: "",
  summary: "show server, agent, nodes and pods",
  description:
    "Shows what runs. Ends with code 0 if the server is ready, the agent runs and all nodes are ready, else 1.",
  flags: [dataDirFlag],
  async run({ flags }, { clock, print }) {
    const layout = layoutOf(dataDirOf(flags));
    const find = (name: "server" | "agent") =>
      new Daemon(name, layout, { processes: machineProcesses, clock }).find();
    print(`version  Coracle ${coracleVersion}, Kubernetes API ${apiVersionInfo.gitVersion}`);
    const installed = await readInstallation(layout);
    const agent = find("agent");
    const api = await Deno.stat(layout.kubeconfig).then(() => connect(layout.kubeconfig))
      .catch(() => undefined);
    try {
      const ready = api !== undefined && await isReady(api);
      const process = find("server");
      const runs = process ? `runs (process ${process.pid})` : "does not run in the background";
      const answers = ready ? "ready" : "does not answer";
      print(`server   ${runs}${api ? `, ${api.server}, ${answers}` : ""}`);
      if (installed) print(`agent    ${agent ? `runs (process ${agent.pid})` : "does not run"}`);
      const nodesReady = ready && await printCluster(api, print);
      return ready && nodesReady && (!installed || agent) ? 0 : 1;
    } finally {
      api?.transport.close();
    }
  },
};

/** Resolves to whether all nodes are ready. */
async function printCluster({ client }: Api, print: (line: string) => void): Promise<boolean> {
  const [nodes, pods] = await Promise.all([
    client.list(resources.nodes),
    client.list(resources.pods),
  ]);
  const bad = nodes.items.filter((node) => readyCondition(node)?.status !== "True");
  print(
    `nodes    ${nodes.items.length - bad.length} of ${nodes.items.length} ready${
      bad.map(nameOf).join("")
    }`,
  );
  print(`pods     ${countByPhase(pods.items)}`);
  return bad.length === 0;
}

function nameOf(node: Node): string {
  const ready = readyCondition(node);
  return `\n         ${node.metadata.name}: ${ready?.message || "has not said anything yet"}`;
}

/** `3 Running, 1 Pending`; `none`. */
export function countByPhase(pods: readonly Pod[]): string {
  const counts = new Map<string, number>();
  for (const { status } of pods) {
    const phase = status?.phase ?? "Unknown";
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  return [...counts].map(([phase, count]) => `${count} ${phase}`).sort().join(", ") || "none";
}
