import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { PortClient } from "../../shared/client/message_port_transport.ts";
import { discoverResources } from "../../shared/client/discovery.ts";
import { eventRecorder } from "../../shared/client/event_recorder.ts";
import { restClient } from "../../shared/client/rest_client.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import { createInformerSet } from "../../shared/informer/informer_set.ts";
import type { Log } from "../../shared/log/log.ts";
import type { ControllerConfig } from "../controllers/controller.ts";
import { runControllers } from "../controllers/manager.ts";
import { controllers } from "../controllers/mod.ts";
import {
  defaultConfiguration,
  type SchedulerConfiguration,
} from "../scheduler/configuration/scheduler_configuration.ts";
import { type RunningScheduler, startScheduler } from "../scheduler/scheduler.ts";

/** What scheduler and controllers are started with. */
export interface ComponentsOptions {
  /** Reaches the API as whoever is named. */
  readonly api: PortClient;
  readonly controllers: boolean;
  readonly scheduler: boolean;
  /** Default: what kube-scheduler does without a configuration file. */
  readonly schedulerConfiguration?: SchedulerConfiguration | undefined;
  readonly config: Omit<ControllerConfig, "discover">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Runs scheduler and controllers, each as its own user, until `signal` is aborted. */
export async function runComponents(
  options: ComponentsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { api, clock, random, log } = options;
  const clientAs = (name: string, groups: readonly string[], metadataOnly = false) =>
    restClient(api.as({ name, groups }), { userAgent: name.split(":").at(-1)!, metadataOnly });
  const manager = "system:kube-controller-manager";
  const informerOptions = { clock, log, random };
  const running: Promise<unknown>[] = [];
  if (options.scheduler) {
    const client = clientAs("system:kube-scheduler", ["system:authenticated"]);
    const informers = createInformerSet(client, informerOptions);
    const component = "default-scheduler";
    const events = eventRecorder(client, { clock, random, log, signal, component });
    const { schedulerConfiguration: configuration = defaultConfiguration } = options;
    const scheduler = startScheduler({
      client,
      informers,
      clock,
      random,
      log,
      events,
      configuration,
    });
    running.push(stopWith(signal, scheduler, informers));
  }
  if (options.controllers) {
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
    const transport = api.as({ name: manager, groups: authenticated });
    const discover = () => discoverResources(transport, { userAgent: "kube-controller-manager" });
    const config = { ...options.config, discover };
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

/** A scheduler that is told to stop while it starts is stopped when it has started. */
async function stopWith(
  signal: AbortSignal,
  starting: Promise<RunningScheduler>,
  informers: InformerSet,
): Promise<void> {
  const aborted = onAbort(signal, () => informers.stop());
  // Its informers never get their first list if they are stopped before: then there is nothing to stop.
  const scheduler = await Promise.race([starting, aborted]);
  await aborted;
  await scheduler?.stop();
}

function onAbort(signal: AbortSignal, task: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(task());
    signal.addEventListener("abort", () => resolve(task()), { once: true });
  });
}
