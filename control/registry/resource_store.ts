import type { KindDefinition, KubeObject, WriteContext } from "../../shared/api/kind.ts";
import { loadCel } from "../../shared/cel/loading.ts";
import { cloneJson } from "../../shared/codec/clone_json.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { type FieldError, invalid } from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { DeleteOptions } from "../../shared/meta/types.gen.ts";
import { normalizeObject } from "../../shared/schema/decode.ts";
import type { Attributes } from "../admission/plugin.ts";
import { deleteOptionsOf, requestAttributes } from "../admission/request_attributes.ts";
import type { ResourceCache } from "../storage/cacher/cache.ts";
import { type Revision, StorageError, type Stored, type Write } from "../storage/storage.ts";
import { isDeletionComplete, planDeletion } from "./deletion.ts";
import {
  alreadyExistsError,
  conflictError,
  invalidError,
  modifiedMessage,
  notFoundError,
} from "./errors.ts";
import { keepTimesOfNoop } from "./apply/managed_fields.ts";
import { trackFields } from "./field_tracking.ts";
import {
  countGeneration,
  dedupOwnerReferences,
  fillNewMetadata,
  generateName,
  keepMetadata,
  sameJson,
  wipeMetadata,
} from "./metadata.ts";
import { decodeStored, encodeStored, keyOf } from "./stored_object.ts";
import { dropStatus, keepAllButStatus, keepStatus } from "./status_part.ts";
import type { Deleted, Place, StoreOptions, WriteScope, Written } from "./store_types.ts";
import {
  type CreateOptions,
  type DeleteHow,
  type Transform,
  type UpdateOptions,
  wholeObject,
} from "./write_options.ts";
import { validateChange, validateNew } from "./validation.ts";
import { fromStored, toStored } from "./versions.ts";

/** Lost races are run again; more than this many in a row means that the server is overloaded. */
const maxAttempts = 100;
const maxNameAttempts = 8;

/**
 * Serves one stored kind. All that is particular comes from the kind's declaration, so custom resources are served
 * by the same code. Methods take the kind as which the caller sees the objects: the stored one or another version.
 */
export class ResourceStore {
  readonly kind: KindDefinition;
  readonly cache: ResourceCache;
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.kind = options.kind;
    this.cache = options.cache;
    this.#options = options;
  }

  /** The oldest revision that can still be read. */
  oldest(): Revision {
    return this.#options.storage.compacted();
  }

  /** Runs a decoded object through ownership, admission and strategy, and writes it. */
  async create(
    view: KindDefinition,
    object: KubeObject,
    scope: WriteScope,
    options: CreateOptions = {},
  ): Promise<Written> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#createOnce(view, attemptCopy(object), scope, options);
      } catch (error) {
        const generated = !object.metadata.name && object.metadata.generateName;
        const taken = error instanceof StatusError && error.reason === "AlreadyExists";
        if (!generated || !taken || attempt >= maxNameAttempts) throw error;
      }
    }
  }

  /** Reads, transforms and writes one object, again and again until no other write came between. */
  async update(
    view: KindDefinition,
    name: string,
    transform: Transform,
    scope: WriteScope,
    options: UpdateOptions = {},
  ): Promise<Written> {
    return await this.#judge(name, scope, async (current) => {
      if (!current) return await this.#createOnUpdate(view, name, scope, options);
      return await this.#updateOnce(view, current, transform, scope, options);
    });
  }

  /**
   * Deletes one object, or begins to. `direct`: the server itself deletes, no admission. Throws NotFound, or Conflict for
   * a precondition that does not hold.
   */
  async delete(
    view: KindDefinition,
    name: string,
    options: Partial<DeleteOptions>,
    scope: WriteScope,
    how: DeleteHow = {},
  ): Promise<Deleted> {
    return await this.#judge(name, scope, async (current) => {
      if (!current) throw notFoundError(view, name);
      return await this.#deleteOnce(view, current, { ...how, options }, scope);
    });
  }

  /**
   * Answers by the newest state of an object, again if another write came between. That state may not be durable yet:
   * an answer that rests on it, a refusal or "nothing to change", waits until it is, and is given up if it never is.
   */
  async #judge<T>(
    name: string,
    scope: WriteScope,
    answer: (current: Stored | undefined) => Promise<T>,
  ): Promise<T> {
    const { storage } = this.#options;
    const key = keyOf(this.kind, scope.namespace, name);
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const settled = storage.settled(key);
      try {
        const answered = await answer(storage.latest(key));
        if (await settled) return answered;
      } catch (error) {
        if (!isLostRace(error) && await settled) throw error;
      }
    }
    throw conflictError(this.kind, name, modifiedMessage);
  }

  async #createOnce(
    view: KindDefinition,
    object: KubeObject,
    scope: WriteScope,
    { direct = false, fieldsTracked = false }: CreateOptions = {},
  ): Promise<Written> {
    const { kind } = this;
    const { admission, clock, random, hooks } = this.#options;
    if (kind.usesExpressions) await loadCel();
    const context = contextOf(scope, clock.now());
    wipeMetadata(object);
    for (const warning of dedupOwnerReferences(object, false)) scope.warn(warning);
    if (!fieldsTracked) trackFields(view, { object, scope, now: context.now });
    const attributes = this.#attributes(view, "CREATE", scope, { object });
    if (!direct) await admission.admit(attributes);
    for (const warning of dedupOwnerReferences(object, true)) scope.warn(warning);
    const stored = toStored(view, object);
    if (!stored.metadata.name && stored.metadata.generateName) {
      stored.metadata.name = generateName(stored.metadata.generateName, random);
    }
    fillNewMetadata(kind, stored, { random, now: context.now, namespace: scope.namespace });
    kind.strategy.defaults?.(stored, context.now);
    this.#prepareCreate(stored, context, direct);
    const normal = normalizeObject(kind.schema, stored);
    const errors = validateNew({ kind, view }, normal);
    this.#refuseInvalid(view, normal, errors);
    for (const warning of kind.strategy.warnings?.(normal) ?? []) scope.warn(warning);
    const undo = hooks?.reserve?.(normal, undefined, scope.dryRun);
    try {
      kind.strategy.canonicalize?.(normal);
      if (!direct) {
        // A name that was generated is known by now.
        const { name = "" } = normal.metadata;
        await admission.validate({ ...attributes, name, object: fromStored(view, normal) });
      }
      if (scope.dryRun) {
        await this.#refuseTaken(view, normal, scope);
        undo?.();
        return this.#written(view, normal, true);
      }
      return await this.#writeNew(view, normal, scope);
    } catch (error) {
      undo?.();
      throw error;
    }
  }

  async #writeNew(view: KindDefinition, object: KubeObject, scope: WriteScope): Promise<Written> {
    const name = object.metadata.name!;
    const { resourceVersion } = object.metadata;
    if (resourceVersion && resourceVersion !== "0") {
      throw new StatusError("", "resourceVersion should not be set on objects to be created", {
        code: 500,
      });
    }
    const { value } = await this.#put(object, 0, scope).catch((error: unknown) => {
      if (!(error instanceof StorageError) || error.code !== "KeyExists") throw error;
      const current = error.current && decodeStored(error.current.value);
      const prefix = current?.metadata.deletionTimestamp ? "object is being deleted: " : "";
      throw alreadyExistsError(view, name, prefix);
    });
    return this.#written(view, object, true, value);
  }

  async #refuseTaken(view: KindDefinition, object: KubeObject, scope: WriteScope): Promise<void> {
    const { storage } = this.#options;
    const name = object.metadata.name!;
    const key = keyOf(this.kind, scope.namespace, name);
    while (storage.latest(key)) {
      if (await storage.settled(key)) throw alreadyExistsError(view, name);
    }
  }

  async #createOnUpdate(
    view: KindDefinition,
    name: string,
    scope: WriteScope,
    { orCreate, forceCreate, fieldsTracked = false }: UpdateOptions,
  ): Promise<Written> {
    const allowed = forceCreate || this.kind.strategy.allowCreateOnUpdate;
    if (!orCreate || !allowed || scope.subresource !== "") throw notFoundError(view, name);
    const object = await orCreate();
    const { uid } = object.metadata;
    if (uid) {
      throw conflictError(
        view,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: `,
      );
    }
    delete object.metadata.resourceVersion;
    return await this.#createOnce(view, object, scope, { fieldsTracked });
  }

  async #updateOnce(
    view: KindDefinition,
    current: Stored,
    transform: Transform,
    scope: WriteScope,
    options: UpdateOptions,
  ): Promise<Written> {
    const { kind } = this;
    const { admission, clock, hooks } = this.#options;
    if (kind.usesExpressions) await loadCel();
    const context = contextOf(scope, clock.now());
    const old = decodeStored(current.value, kind);
    const oldView = fromStored(view, old);
    const object = await transform(fromStored(view, cloneJson(old)));
    this.#checkVersion(view, object, old);
    for (const warning of dedupOwnerReferences(object, false)) scope.warn(warning);
    if (!options.fieldsTracked && (!options.direct || options.claimsFields)) {
      trackFields(view, { object, old: oldView, scope, now: context.now });
    }
    const { show, take } = options.judgedAs ?? wholeObject;
    const attributes = this.#attributes(view, "UPDATE", scope, {
      object: show(object),
      oldObject: show(oldView),
    });
    if (!options.direct) {
      await admission.admit(attributes);
      take(object, attributes.object!);
    }
    const next = toStored(view, object);
    kind.strategy.defaults?.(next, context.now);
    this.#prepareUpdate(next, old, context);
    const normal = normalizeObject(kind.schema, next);
    normal.metadata.resourceVersion = old.metadata.resourceVersion;
    if (!options.keepGeneration) countGeneration(kind, normal, old);
    keepNoopTimes(normal, old);
    const { subresource } = scope;
    const part = this.#options.subresources?.[subresource];
    const judged = { kind, view, subresource, part };
    this.#refuseInvalid(view, normal, validateChange(judged, normal, old));
    for (const warning of kind.strategy.warnings?.(normal, old) ?? []) scope.warn(warning);
    const undo = hooks?.reserve?.(normal, old, scope.dryRun);
    try {
      kind.strategy.canonicalize?.(normal);
      if (!options.direct) {
        await admission.validate({ ...attributes, object: show(fromStored(view, normal)) });
      }
      if (sameJson(normal, old)) {
        return this.#written(view, old, false, kind.revive ? undefined : current.value);
      }
      if (scope.dryRun) {
        undo?.();
        return this.#written(view, normal, false);
      }
      const lazy = kind.lazyUpdate?.(normal, old) ?? false;
      const written = await this.#writeNext(view, normal, current, { ...scope, lazy });
      hooks?.settle?.(normal, old);
      return written;
    } catch (error) {
      undo?.();
      throw error;
    }
  }

  async #writeNext(
    view: KindDefinition,
    object: KubeObject,
    current: Stored,
    scope: Place,
  ): Promise<Written> {
    const { hooks } = this.#options;
    if (isDeletionComplete(object) && !hooks?.lingers?.(object)) {
      await this.#remove(cloneJson(object), current);
      return this.#written(view, object, false);
    }
    const { value } = await this.#put(object, current.revision, scope);
    return this.#written(view, object, false, value);
  }

  async #deleteOnce(
    view: KindDefinition,
    current: Stored,
    { options, direct, ofCollection }: DeleteHow & { readonly options: Partial<DeleteOptions> },
    scope: WriteScope,
  ): Promise<Deleted> {
    const { admission, clock, hooks } = this.#options;
    const object = decodeStored(current.value, this.kind);
    if (!direct) {
      const attributes = {
        ...this.#attributes(view, "DELETE", scope, {
          oldObject: fromStored(view, cloneJson(object)),
        }),
        // Who deletes a collection names nothing in it.
        ...(ofCollection && { name: "" }),
        options: deleteOptionsOf(scope, options),
      };
      await admission.admit(attributes);
      await admission.validate(attributes);
    }
    const now = clock.now();
    const old = cloneJson(object);
    const plan = planDeletion(this.kind, object, { options, now });
    const lingers = plan.action === "remove" && (hooks?.lingers?.(object) ?? false);
    if (lingers || plan.action === "update") hooks?.onDeleting?.(object, now);
    const removed = plan.action === "remove" && !lingers;
    if (!scope.dryRun) {
      const marked = plan.action === "remove" && plan.marked;
      const changed = (!removed || marked) && !sameJson(object, old);
      await this.#writeDeletion(object, current, { changed, removed });
    }
    return { object: fromStored(view, object), removed };
  }

  /** Marking and removing are two changes that watchers see, and one wait for the disk. */
  async #writeDeletion(
    object: KubeObject,
    current: Stored,
    { changed, removed }: { readonly changed: boolean; readonly removed: boolean },
  ): Promise<void> {
    if (!changed) return removed ? await this.#remove(object, current) : undefined;
    const { namespace = "" } = object.metadata;
    if (!removed) return void await this.#put(object, current.revision, { namespace });
    // Each write keeps its object, which bears its revision.
    const mark = cloneJson(object);
    const marked = this.#put(mark, current.revision, { namespace });
    const last = this.#options.storage.latest(current.key);
    const isOurs = last && String(last.revision) === mark.metadata.resourceVersion;
    // If the mark was refused there is nothing of ours to remove.
    await Promise.all(isOurs ? [marked, this.#remove(object, last)] : [marked]);
  }

  async #put(
    object: KubeObject,
    expected: Write["expected"] & number,
    { namespace, lazy }: Place,
  ): Promise<Stored> {
    const { kind } = this;
    return await this.#options.storage.write({
      type: "put",
      key: keyOf(kind, namespace, object.metadata.name!),
      expected: expected as Write["expected"] & number,
      encode: (revision) => encodeStored(kind, object, revision),
      note: object,
      ...(lazy && { lazy: true as const }),
    } as Write);
  }

  async #remove(object: KubeObject, current: Stored): Promise<void> {
    await this.#options.storage.write({
      type: "delete",
      key: current.key,
      expected: current.revision,
      encode: (revision) => encodeStored(this.kind, object, revision),
      note: object,
    });
    this.#options.hooks?.release?.(object);
  }

  #checkVersion(view: KindDefinition, object: KubeObject, old: KubeObject): void {
    const { metadata } = object;
    const name = old.metadata.name!;
    const version = metadata.resourceVersion ?? "";
    if (version !== "" && version !== "0") {
      if (version !== old.metadata.resourceVersion) {
        throw conflictError(view, name, modifiedMessage);
      }
      return;
    }
    if (this.kind.strategy.requireResourceVersion) {
      // The reference names the resource where other refusals name the kind.
      throw invalidError({ group: view.group, kind: view.plural }, name, [
        invalid("metadata.resourceVersion", 0, "must be specified for an update"),
      ]);
    }
  }

  #prepareCreate(object: KubeObject, context: WriteContext, direct: boolean): void {
    const { subresources, strategy } = this.kind;
    const keepsStatus = direct || strategy.keepsStatusOnCreate;
    if (subresources?.status && !keepsStatus) dropStatus(object);
    const brought = direct && "status" in object ? { ...object } : undefined;
    strategy.prepareForCreate?.(object, context);
    if (brought) keepStatus(object, brought);
  }

  #prepareUpdate(next: KubeObject, old: KubeObject, context: WriteContext): void {
    const { kind } = this;
    keepMetadata(next, old);
    const part = this.#options.subresources?.[context.subresource];
    if (part) {
      part.prepareForUpdate(next, old, context);
    } else if (context.subresource === "status") {
      keepAllButStatus(next, old);
      kind.strategy.status?.prepareForUpdate?.(next, old, context);
    } else {
      if (kind.subresources?.status) keepStatus(next, old);
      kind.strategy.prepareForUpdate?.(next, old, context);
    }
  }

  #refuseInvalid(view: KindDefinition, object: KubeObject, errors: readonly FieldError[]): void {
    if (errors.length === 0) return;
    const { kind, metadata } = object;
    throw invalidError({ group: view.group, kind }, metadata.name ?? "", errors);
  }

  #attributes(
    view: KindDefinition,
    operation: Attributes["operation"],
    scope: WriteScope,
    objects: { readonly object?: KubeObject; readonly oldObject?: KubeObject },
  ): Attributes {
    const name = (objects.oldObject ?? objects.object)?.metadata.name ?? "";
    return {
      operation,
      kind: view,
      subresource: scope.subresource,
      namespace: scope.namespace,
      name,
      ...objects,
      ...requestAttributes(scope, operation),
    };
  }

  #written(
    view: KindDefinition,
    object: KubeObject,
    created: boolean,
    value?: Uint8Array,
  ): Written {
    const same = view === this.kind;
    return { object: fromStored(view, object), created, value: same ? value : undefined };
  }
}

function contextOf({ user, subresource }: WriteScope, nowMs: number): WriteContext {
  const { name: username, uid = "", groups, extra = {} } = user;
  const mutable = Object.fromEntries(
    Object.entries(extra).map(([key, values]) => [key, [...values]]),
  );
  return {
    now: timestamp(nowMs),
    subresource,
    user: { username, uid, groups: [...groups], extra: mutable },
  };
}

/** A write that changes nothing but the times in managedFields changes nothing. */
function keepNoopTimes(object: KubeObject, old: KubeObject): void {
  const entries = keepTimesOfNoop(old, object);
  if (entries) object.metadata.managedFields = entries;
}

/** Another writer came between: worth another try with what is there now. */
function isLostRace(error: unknown): boolean {
  return error instanceof StorageError &&
    (error.code === "Conflict" || error.code === "KeyNotFound" || error.code === "KeyExists");
}

/** A create with a generated name may have to start over with the object as it came. */
function attemptCopy(object: KubeObject): KubeObject {
  return object.metadata.name ? object : cloneJson(object);
}
