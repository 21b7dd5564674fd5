import type { KubeObject } from "../../shared/api/kind.ts";

/** Makes the new state from the current one; the current one is the caller's to change. */
export type Transform = (current: KubeObject) => KubeObject | Promise<KubeObject>;

/** How an object is created. */
export interface CreateOptions {
  /** The server itself writes: no admission, and status is kept. */
  readonly direct?: boolean;
  /** See `UpdateOptions`. */
  readonly fieldsTracked?: boolean;
}

/** How an object is changed. */
export interface UpdateOptions {
  /** Creates this if nothing is there and the kind (or `forceCreate`) allows it. */
  readonly orCreate?: () => KubeObject | Promise<KubeObject>;
  /** Server-side apply creates every kind. */
  readonly forceCreate?: boolean;
  /** The transform has done the field ownership itself (server-side apply). */
  readonly fieldsTracked?: boolean;
  /** The server itself writes, on behalf of another request that was judged already: no ownership, no admission. */
  readonly direct?: boolean;
  /** A direct write claims the fields that it changes all the same. */
  readonly claimsFields?: boolean;
  /** What is written is not counted as a change of the spec (bindings). */
  readonly keepGeneration?: boolean;
  /** Admission judges a part of the object in a form of its own (Scale). */
  readonly judgedAs?: JudgedPart;
}

/** How an object is deleted, beyond what the client says. */
export interface DeleteHow {
  /** The server itself deletes, on behalf of another request that was judged already: no admission. */
  readonly direct?: boolean;
  /** It is one of a collection that is deleted. */
  readonly ofCollection?: boolean;
}

/** A part of objects as an object of another kind. */
export interface JudgedPart {
  /** The part of `object`. */
  show(object: KubeObject): KubeObject;
  /** Carries what admission made of the part over to `object`. */
  take(object: KubeObject, shown: KubeObject): void;
}

/** The object itself. */
export const wholeObject: JudgedPart = { show: (object) => object, take() {} };
