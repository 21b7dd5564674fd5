import { isTerminating } from "../../shared/api/apiextensions/definition_conditions.ts";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KindDefinition, Verb } from "../../shared/api/kind.ts";
import { sameJson } from "../../shared/schema/same_json.ts";
import { forbiddenError } from "../registry/errors.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { prefixOf } from "../registry/stored_object.ts";
import type { AdmissionChain } from "../registry/store_types.ts";
import { type InstallOptions, newStore, subresourcesOf } from "../server/install.ts";
import { customKinds } from "./custom_kind.ts";

/** What a kind that is going still takes. */
const lastVerbs: readonly Verb[] = ["delete", "deletecollection", "get", "list", "watch"];

/** One definition as it is served: its kinds in the registry, over one store. */
export class ServedDefinition {
  readonly store: ResourceStore;
  readonly #definition: CustomResourceDefinition;
  readonly #options: InstallOptions;
  readonly #served: readonly KindDefinition[];
  #isTerminating = false;

  /** Installs the kinds. The definition's names must have been accepted. */
  constructor(definition: CustomResourceDefinition, options: InstallOptions) {
    this.#definition = definition;
    this.#options = options;
    const { stored, served } = customKinds(definition);
    this.#served = served;
    const admission = refusingCreate(options.admission, () => this.#isTerminating);
    this.store = newStore(stored, { ...options, admission });
    this.update(definition);
  }

  /** Whether this serves what the definition has become: the same kinds. */
  isOf({ metadata, spec, status }: CustomResourceDefinition): boolean {
    const own = this.#definition;
    return own.metadata.uid === metadata.uid && sameJson(own.spec, spec) &&
      sameJson(own.status?.acceptedNames, status?.acceptedNames);
  }

  /** Takes note of what changes nothing about the kinds. */
  update(definition: CustomResourceDefinition): void {
    this.#isTerminating = isTerminating(definition);
    for (const kind of this.#served) {
      const shown = this.#isTerminating ? { ...kind, advertisedVerbs: lastVerbs } : kind;
      const subresources = subresourcesOf(shown, this.store, this.#options);
      this.#options.registry.install({ kind: shown, store: this.store, subresources });
    }
  }

  /** Ends the store, whose watches end, and takes the kinds out of the registry. */
  remove(): void {
    const { registry, cache, reader } = this.#options;
    for (const kind of this.#served) registry.remove(kind);
    reader.remove(this.store);
    cache.remove(prefixOf(this.store.kind));
  }
}

/** Admission that lets nothing new in while the kind is going. */
function refusingCreate(chain: AdmissionChain, isGoing: () => boolean): AdmissionChain {
  return {
    async admit(attributes) {
      if (attributes.operation === "CREATE" && isGoing()) {
        const why = "create not allowed while custom resource definition is terminating";
        throw forbiddenError(attributes.kind, attributes.name, why);
      }
      await chain.admit(attributes);
    },
    validate: (attributes) => chain.validate(attributes),
  };
}
