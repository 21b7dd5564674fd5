import { systemClock } from "../../shared/clock/clock.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { portClient } from "../../shared/client/message_port_transport.ts";
import { eventRecorder } from "../../shared/client/event_recorder.ts";
import { restClient } from "../../shared/client/rest_client.ts";
import { createInformerSet } from "../../shared/informer/informer_set.ts";
import { jsonLog, type Level } from "../../shared/log/log.ts";
import type { ControllerConfig } from "../controllers/controller.ts";
import { runControllers } from "../controllers/manager.ts";
import { controllers } from "../controllers/mod.ts";
import { startScheduler } from "../scheduler/scheduler.ts";

/** What the server's thread tells the components' thread to do, once. */
export interface ComponentsStart {
  /** Where the API is reached (see `serveTransport`). */
  readonly port: MessagePort;
  readonly controllers: boolean;
  readonly scheduler: boolean;
  readonly config: ControllerConfig;
  readonly logLevel: Level;
}

/** Runs scheduler and controllers, each as its own user, until `signal` is aborted. */
export async function runComponents(start: ComponentsStart, signal: AbortSignal): Promise<void> {
  const clock = systemClock;
  const random = systemRandom;
  const log = jsonLog({ level: start.logLevel, write: console.log, now: () => clock.now() });
  const api = portClient(start.port);
  const clientAs = (name: string, groups: readonly string[], metadataOnly = false) =>
    restClient(api.as({ name, groups }), { userAgent: name.split(":").at(-1)!, metadataOnly });
  const manager = "system:kube-controller-manager";
  const informerOptions = { clock, log, random };
  const running: Promise<unknown>[] = [];
  if (start.scheduler) {
    const client = clientAs("system:kube-scheduler", ["system:authenticated"]);
    const informers = createInformerSet(client, informerOptions);
    const component = "default-scheduler";
    const events = eventRecorder(client, { clock, random, log, signal, component });
    const scheduler = startScheduler({ client, informers, clock, random, log, events });
    running.push(scheduler.then(({ stop }) => onAbort(signal, () => (stop(), informers.stop()))));
  }
  if (start.controllers) {
    const informers = createInformerSet(clientAs(manager, authenticated), informerOptions);
    const metadataInformers = createInformerSet(
      clientAs(manager, authenticated, true),
      informerOptions,
    );
    const clientFor = (account: string) =>
      clientAs(`system:serviceaccount:kube-system:${account}`, [
        "system:serviceaccounts",
        "system:serviceaccounts:kube-system",
        ...authenticated,
      ]);
    const { config } = start;
    running.push(runControllers(controllers, {
      clientFor,
      informers,
      metadataInformers,
      clock,
      random,
      log,
      config,
      signal,
    }));
    running.push(onAbort(signal, () => (informers.stop(), metadataInformers.stop())));
  }
  await Promise.all(running);
}

const authenticated: readonly string[] = ["system:authenticated"];

function onAbort(signal: AbortSignal, task: () => void): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(task()), { once: true });
  });
}
