import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import { flagsOf } from "../../shared/config/settings.ts";
import { caHashOf, formatJoinToken } from "../../shared/join_token/join_token.ts";
import { type AgentConfig, agentSettings } from "../../node/config.ts";
import type { Layout } from "../layout.ts";
import { agentPermissions } from "../permissions.ts";
import type { Daemon } from "../processes/daemon.ts";
import { type Program, runArguments } from "../program.ts";
import { type Api, connect } from "./api.ts";
import type { ClusterPart } from "./bring_up.ts";
import { createToken, deleteToken } from "./join_tokens.ts";
import { waitFor } from "./wait.ts";

const STOP_MS = 15_000;
const READY_MS = 90_000;
const TOKEN_TTL_MS = 600_000;

/** Deno's arguments for an agent of this configuration, whose directories are absolute. */
export function agentArguments(program: Program, config: AgentConfig): string[] {
  // The namespace is entered before Deno starts.
  const inNamespace = { ...config, networkNamespace: "" };
  return runArguments(program, "agent", {
    permissions: agentPermissions,
    args: flagsOf(agentSettings, inNamespace),
  });
}

/** The agent in the background; it has started when its node is Ready. */
export function agentPart(
  daemon: Daemon,
  config: AgentConfig,
  { program, layout, clock }: {
    readonly program: Program;
    readonly layout: Layout;
    readonly clock: Clock;
  },
): ClusterPart {
  const settings = flagsOf(agentSettings, config);
  return {
    title: "Agent",
    running: () => daemon.alreadyRuns("Agent", settings),
    async start(signal) {
      const api = connect(layout.kubeconfig);
      const tokenFile = `${layout.runDir}/join-token`;
      const id = await placeToken(api, tokenFile, clock);
      const startedAt = clock.now();
      try {
        const server = api.server;
        const args = agentArguments(program, { ...config, server, tokenFile });
        const process = await daemon.start(program.deno, { args, settings });
        await waitFor(async () => {
          if (!daemon.find()) {
            throw new Error(`Cannot start the agent: ${await daemon.lastWords()}`);
          }
          return await isNodeReady(api.client, config.nodeName, startedAt) || undefined;
        }, {
          clock,
          timeoutMs: READY_MS,
          what: `see node ${config.nodeName} ready (log: ${daemon.logFile})`,
          signal,
        });
        return `Node ${config.nodeName} is ready (agent is process ${process.pid})`;
      } finally {
        await Deno.remove(tokenFile).catch(() => undefined);
        await deleteToken(api.client, id).catch(() => undefined);
        api.transport.close();
      }
    },
    async stop() {
      await daemon.stop(STOP_MS);
    },
  };
}

/** In a file, because arguments can be read by everybody on the machine. */
async function placeToken(api: Api, path: string, clock: Clock): Promise<string> {
  const token = await createToken(api.client, {
    clock,
    ttlMs: TOKEN_TTL_MS,
    description: "coracle up: this machine",
  });
  const text = formatJoinToken({ ...token, caHash: await caHashOf(api.caPem) });
  await Deno.remove(path).catch(() => undefined);
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return token.id;
}

/** Ready, and said by the agent that runs now: an earlier one's word stands for a while after its end. */
async function isNodeReady(client: Client, name: string, since: number): Promise<boolean> {
  const node = await client.find(resources.nodes, { name }).catch(() => undefined);
  const ready = node && readyCondition(node);
  if (ready?.status !== "True") return false;
  return Date.parse(ready.lastHeartbeatTime ?? "") >= Math.floor(since / 1000) * 1000;
}

/** The node's condition `Ready`, if it has said anything yet. */
export function readyCondition(node: Node) {
  return node.status?.conditions?.find(({ type }) => type === "Ready");
}
