import { describeChange } from "../../control/scheduler/why/describe.ts";
import { explain, type Explanation } from "../../control/scheduler/why/explain.ts";
import { readCluster } from "../../control/scheduler/why/read_cluster.ts";
import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { connect } from "../cluster/api.ts";
import type { Command } from "../command.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { layoutOf } from "../layout.ts";

const flags = {
  namespace: { flag: "-n", value: "NAME", help: "namespace of the pod (default: default)" },
  output: { flag: "-o", value: "json", help: "print JSON instead of text" },
  kubeconfig: {
    flag: "--kubeconfig",
    value: "FILE",
    help: "whose rights to use (default: DIR/admin.kubeconfig)",
  },
} as const;

/** `coracle why`: why a pod waits. */
export const why: Command = {
  name: "why",
  usage: "pod/NAME",
  summary: "say why a pod waits for a node, and what would let it run",
  description:
    "Prints which nodes each reason excludes, and the smallest changes after which the pod would fit one. Reads the " +
    "cluster with the rights of the kubeconfig and changes nothing. Ends with code 1 if the pod fits nowhere.",
  flags: [dataDirFlag, ...Object.values(flags)],
  maxWords: 1,
  async run({ flags: given, positionals: [word] }, { print }) {
    const name = podName(word);
    const output = given[flags.output.flag];
    if (output !== undefined && output !== "json") {
      throw new UsageError(`flag -o takes json, not "${output}"`);
    }
    const path = given[flags.kubeconfig.flag] ?? layoutOf(dataDirOf(given)).kubeconfig;
    const api = connect(path);
    try {
      const namespace = given[flags.namespace.flag] ?? "default";
      const pod = await api.client.get(resources.pods, { namespace, name });
      return await answer(api.client, pod, { print, isJson: output === "json" });
    } finally {
      api.transport.close();
    }
  },
};

function podName(word: string | undefined): string {
  const match = /^(?:pods?|po)\/([^/]+)$/.exec(word ?? "");
  if (match) return match[1]!;
  throw new UsageError(word === undefined ? "a pod is needed: pod/NAME" : `not a pod: "${word}"`);
}

async function answer(
  client: Client,
  pod: Pod,
  { print, isJson }: { readonly print: (line: string) => void; readonly isJson: boolean },
): Promise<number> {
  const nodeName = pod.spec?.nodeName;
  if (nodeName) {
    print(isJson ? JSON.stringify({ nodeName }) : `The pod is on node ${nodeName}.`);
    return 0;
  }
  const { unread, ...cluster } = await readCluster(client);
  const explanation = explain(cluster, pod);
  if (isJson) print(JSON.stringify({ ...explanation, unread }, null, 2));
  else for (const line of linesOf(explanation, unread)) print(line);
  return explanation.fits.length > 0 ? 0 : 1;
}

/** What users read. */
export function linesOf(
  { pod, nodeCount, fits, reasons, suggestions, isPartial }: Explanation,
  unread: readonly string[],
): string[] {
  const lines = [
    fits.length > 0
      ? `${pod} fits ${fits.length} of ${nodeCount} nodes and should be placed at once.`
      : `${pod} fits none of ${nodeCount} nodes.`,
  ];
  if (reasons.length > 0) lines.push("", "Reasons");
  for (const { reason, nodes } of reasons) {
    lines.push(`  ${reason}: ${nodes.length} (${someOf(nodes)})`);
  }
  if (suggestions.length > 0) lines.push("", "Any one of these would let it run");
  for (const { node, changes } of suggestions) {
    lines.push(`  on ${node}: ${changes.map(describeChange).join("; ")}`);
  }
  if (fits.length === 0 && suggestions.length === 0) {
    lines.push("", "No small change to the pod, a node or the pods there would be enough.");
  }
  if (isPartial) lines.push("", "The search was given up before every way was tried.");
  if (unread.length > 0) lines.push("", `Not read, for want of rights: ${unread.join(", ")}.`);
  return lines;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown}, …` : shown;
}
