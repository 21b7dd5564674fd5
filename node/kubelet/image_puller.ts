import type { Container, Pod, Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import { isLocalImage, normalizeImage } from "../runtime/image_name.ts";
import type { ImageInfo, ImageService } from "../runtime/runtime_service.ts";
import type { ObjectSource } from "../volumes/plugin.ts";
import { BackOff } from "./back_off.ts";
import { registryLogins } from "./image_credentials.ts";
import { StartError } from "./start_error.ts";

export interface ImagePullerOptions {
  readonly images: ImageService;
  readonly objects: ObjectSource;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/**
 * Makes sure that images are there, by each container's pull policy. An image is pulled once however many
 * containers wait for it; a failed pull is tried again after 10 s, doubling to 5 min.
 */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #backOff: BackOff;
  readonly #failures = new Map<string, { readonly at: number; readonly message: string }>();
  readonly #pulling = new Map<string, Promise<ImageInfo>>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.clock);
  }

  /** Rejects with StartError: `ErrImagePull`, `ImagePullBackOff` or `ErrImageNeverPull`. */
  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<ImageInfo> {
    const name = container.image ?? "";
    const present = await this.#options.images.find(name);
    const policy = isLocalImage(name) ? "IfNotPresent" : pullPolicy(container);
    if (present && policy !== "Always") {
      const message =
        `Container image "${name}" already present on machine and can be accessed by the pod`;
      this.#say(pod, container, "Normal", "Pulled", message);
      return present;
    }
    if (policy === "Never") {
      const message = `Container image "${name}" is not present with pull policy of Never`;
      this.#say(pod, container, "Warning", "ErrImageNeverPull", message);
      throw new StartError("ErrImageNeverPull", message);
    }
    if (isLocalImage(name)) {
      const message = `image "${name}" has no registry and is not on this node`;
      this.#say(pod, container, "Warning", "Failed", `Error: ${message}`);
      throw new StartError("ErrImagePull", message, this.#options.clock.now() + 10_000);
    }
    return await this.#pull(pod, container, { present, signal });
  }

  async #pull(
    pod: Pod,
    container: Container,
    { present, signal }: { present: ImageInfo | undefined; signal: AbortSignal },
  ): Promise<ImageInfo> {
    const name = container.image ?? "";
    const { clock } = this.#options;
    this.#checkBackOff(pod, container);
    this.#say(pod, container, "Normal", "Pulling", `Pulling image "${name}"`);
    const began = clock.monotonic();
    try {
      const image = await this.#shared(pod, name, signal);
      const took = ((clock.monotonic() - began) / 1000).toFixed(3);
      const message =
        `Successfully pulled image "${name}" in ${took}s (${took}s including waiting). ` +
        `Image size: ${image.sizeBytes} bytes.`;
      this.#say(pod, container, "Normal", "Pulled", message);
      this.#failures.delete(name);
      return image;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (present && isUnreachable(reason)) {
        const message =
          `Registry of image "${name}" cannot be reached, the image on this node is used`;
        this.#say(pod, container, "Warning", "RegistryUnreachable", message);
        return present;
      }
      return this.#fail(pod, container, `failed to pull and unpack image "${name}": ${reason}`);
    }
  }

  #fail(pod: Pod, container: Container, reason: string): never {
    const name = container.image ?? "";
    const at = this.#options.clock.now();
    this.#backOff.next(name);
    this.#failures.set(name, { at, message: reason });
    this.#say(pod, container, "Warning", "Failed", `Failed to pull image "${name}": ${reason}`);
    this.#say(pod, container, "Warning", "Failed", "Error: ErrImagePull");
    throw new StartError("ErrImagePull", reason, this.#backOff.waitOf(name, at).until);
  }

  #checkBackOff(pod: Pod, container: Container): void {
    const name = container.image ?? "";
    const failure = this.#failures.get(name);
    if (!failure) return;
    const { until } = this.#backOff.waitOf(name, failure.at);
    if (this.#options.clock.now() >= until) return;
    const message = `Back-off pulling image "${name}"`;
    this.#say(pod, container, "Normal", "BackOff", message);
    this.#say(pod, container, "Warning", "Failed", "Error: ImagePullBackOff");
    const detail = `${message}: ErrImagePull: ${failure.message}`;
    throw new StartError("ImagePullBackOff", detail, until);
  }

  /** One pull per image at a time. Only the first one's credentials are used: the others share its outcome. */
  #shared(pod: Pod, name: string, signal: AbortSignal): Promise<ImageInfo> {
    const running = this.#pulling.get(name);
    if (running) return running;
    const pulling = this.#pullWithLogins(pod, name, signal)
      .finally(() => this.#pulling.delete(name));
    this.#pulling.set(name, pulling);
    return pulling;
  }

  async #pullWithLogins(pod: Pod, name: string, signal: AbortSignal): Promise<ImageInfo> {
    const logins = registryLogins(normalizeImage(name), await this.#pullSecrets(pod));
    let failure: unknown;
    for (const login of [...logins, undefined]) {
      try {
        return await this.#options.images.pull(name, login, signal);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }

  async #pullSecrets(pod: Pod): Promise<Secret[]> {
    const namespace = pod.metadata.namespace ?? "";
    const found: Secret[] = [];
    for (const { name } of pod.spec?.imagePullSecrets ?? []) {
      // A pull secret that is not there is no error: the image may be public.
      const secret = await this.#options.objects.secret(namespace, name ?? "").catch(() =>
        undefined
      );
      if (secret) found.push(secret);
    }
    return found;
  }

  #say(
    pod: Pod,
    container: Container,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void {
    const fieldPath = `spec.containers{${container.name}}`;
    this.#options.events.event(pod, type, reason, message, { fieldPath });
  }
}

/** The container's policy, or the default by its tag, as the API server sets it. */
export function pullPolicy({ imagePullPolicy, image = "" }: Container): string {
  if (imagePullPolicy) return imagePullPolicy;
  const full = normalizeImage(image);
  return full.includes("@") || !full.endsWith(":latest") ? "IfNotPresent" : "Always";
}

/** Whether nobody answered, as opposed to a registry that refused. */
function isUnreachable(message: string): boolean {
  return /no such host|i\/o timeout|connection refused|network is unreachable|no route to host|server misbehaving/
    .test(message);
}
