import { get } from "node:http";
import type { Deployment } from "../../shared/api/apps/v1/types.gen.ts";
import type { AgentConfig } from "../../node/config.ts";
import type { FileSystem } from "../../node/host/file_system.ts";
import type { Host } from "../../node/host/host.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { waitFor } from "../cluster/wait.ts";
import type { Steps } from "../steps.ts";
import { applyAll, readManifests } from "./apply_files.ts";
import { ensureDemoImage } from "./demo_image.ts";

const hello = { namespace: "hello", name: "hello" };
const ROLLOUT_MS = 90_000;
const ANSWER_MS = 20_000;

export interface DemoOptions {
  readonly client: Client;
  /** `examples/hello` */
  readonly directory: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly host: Host;
  readonly files: FileSystem;
  readonly config: Pick<AgentConfig, "dataDir" | "nodeName" | "ownStorage">;
}

/** Applies `examples/hello`, waits for it, and resolves to what its Service answers. */
export async function runDemo(options: DemoOptions, steps: Steps): Promise<string> {
  const { client, directory, clock, signal } = options;
  await steps.step(() => ensureDemoImage(options));
  await steps.step(async () => {
    const objects = await readManifests(directory);
    await applyAll(client, objects);
    return `Applied ${directory} (${objects.map(({ kind }) => kind).join(", ")})`;
  });
  await steps.step(async () => {
    const deployment = await waitFor(async () => {
      const found = await client.get(resources.deployments, hello);
      return isRolledOut(found) ? found : undefined;
    }, { clock, signal, timeoutMs: ROLLOUT_MS, what: "see the demo's pods ready" });
    return `${deployment.status?.readyReplicas} pods of deployment hello are ready`;
  });
  let answer = "";
  await steps.step(async () => {
    const service = await client.get(resources.services, hello);
    const url = `http://${service.spec?.clusterIP}/`;
    const timeoutMs = ANSWER_MS;
    const what = `get an answer from ${url}`;
    answer = await waitFor(() => answerOf(url), { clock, signal, timeoutMs, what });
    return `Service hello answers at ${url}`;
  });
  return answer.trim();
}

/** Whether every replica is of the newest template and available (as `kubectl rollout status` judges). */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  const want = spec?.replicas ?? 1;
  return status?.updatedReplicas === want && status.availableReplicas === want &&
    (status.replicas ?? 0) === want;
}

/** The body of a 200; undefined for anything else. */
function answerOf(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2_000, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve(response.statusCode === 200 ? text : undefined));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}
