import type { KubeObject } from "../api/kind.ts";

export interface EventOptions {
  /** The part of the object that it is about, e.g. `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** Tells users what was done to an object and why. Never rejects: events are best effort, counted when dropped. */
export interface EventRecorder {
  /** `reason` is UpperCamelCase; `message` is for people. Repeats are counted in one Event, not written anew. */
  event(
    about: KubeObject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    options?: EventOptions,
  ): void;
}
