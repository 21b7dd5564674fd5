import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from "yaml";
import { DecodeError } from "../schema/decode_error.ts";
import { setKey } from "../schema/json_object.ts";
import { resolvePlain } from "./yaml_scalar.ts";

/** Documents this small may consist of aliases; larger ones less and less (go-yaml's allowedAliasRatio). */
const freeAliasNodes = 1000;
const lowNodes = 400_000;
const highNodes = 4_000_000;
const maxDepth = 500;

/** Turns the nodes of one document into a JSON value, once. */
export class YamlConversion {
  readonly duplicates: string[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #nodes = 0;
  #aliasNodes = 0;
  #aliasDepth = 0;
  #depth = 0;

  constructor(readonly lines: LineCounter) {}

  convert(node: unknown): unknown {
    this.#count();
    if (isAlias(node)) return this.#alias(node.source);
    if (node === null || node === undefined) return null;
    const known = node as Node;
    if ("anchor" in known && known.anchor !== undefined) this.#anchors.set(known.anchor, known);
    if (isScalar(known)) return scalar(known);
    if (++this.#depth > maxDepth) throw new DecodeError("yaml: exceeded max depth");
    this.#open.add(known);
    const value = isMap(known) ? this.#map(known) : isSeq(known) ? this.#list(known.items) : null;
    this.#open.delete(known);
    this.#depth--;
    return value;
  }

  #list(items: readonly unknown[]): unknown[] {
    return items.map((item) => this.convert(item));
  }

  #map(map: YAMLMap): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    const own = new Set<string>();
    const merged: unknown[] = [];
    for (const pair of map.items) {
      if (isMergeKey(pair.key)) merged.push(pair.value);
      else {
        const key = this.#key(pair.key);
        if (own.has(key)) this.#duplicate(key, pair.key);
        own.add(key);
        setKey(out, key, this.convert(pair.value));
      }
    }
    for (const source of merged) this.#merge(out, source);
    return out;
  }

  #key(node: unknown): string {
    const key = this.convert(node);
    if (typeof key === "string") return key;
    if (typeof key === "number" || typeof key === "boolean") return String(key);
    throw new DecodeError(
      `Unsupported map key of type: ${
        key === null ? "invalid" : Array.isArray(key) ? "slice" : "map"
      }`,
    );
  }

  /** Keys of the map itself win over merged ones, earlier sources over later ones. */
  #merge(out: Record<string, unknown>, source: unknown): void {
    const value = this.convert(source);
    const sources: unknown[] = Array.isArray(value) ? value : [value];
    for (const each of sources) {
      if (typeof each !== "object" || each === null || Array.isArray(each)) {
        throw new DecodeError("yaml: map merge requires map or sequence of maps as the value");
      }
      for (const [key, entry] of Object.entries(each)) {
        if (!Object.hasOwn(out, key)) setKey(out, key, entry);
      }
    }
  }

  #alias(name: string): unknown {
    const target = this.#anchors.get(name);
    if (!target) throw new DecodeError(`yaml: unknown anchor '${name}' referenced`);
    if (this.#open.has(target)) {
      throw new DecodeError(`yaml: anchor '${name}' value contains itself`);
    }
    this.#aliasDepth++;
    const value = this.convert(target);
    this.#aliasDepth--;
    return value;
  }

  #count(): void {
    this.#nodes++;
    if (this.#aliasDepth === 0) return;
    this.#aliasNodes++;
    if (
      this.#aliasNodes > freeAliasNodes &&
      this.#aliasNodes / this.#nodes > allowedRatio(this.#nodes)
    ) {
      throw new DecodeError("yaml: document contains excessive aliasing");
    }
  }

  #duplicate(key: string, node: unknown): void {
    const start = (node as Node | null)?.range?.[0] ?? 0;
    const { line } = this.lines.linePos(start);
    this.duplicates.push(`line ${line}: key ${JSON.stringify(key)} already set in map`);
  }
}

function allowedRatio(nodes: number): number {
  if (nodes <= lowNodes) return 0.99;
  if (nodes >= highNodes) return 0.1;
  return 0.99 - 0.89 * (nodes - lowNodes) / (highNodes - lowNodes);
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

interface ScalarLike {
  readonly value: unknown;
  readonly type?: string | undefined;
  readonly tag?: string | undefined;
}

function scalar(node: ScalarLike): unknown {
  const text = typeof node.value === "string" ? node.value : "";
  const tag = node.tag?.replace("tag:yaml.org,2002:", "");
  if (tag === "str" || tag === "binary") return text;
  if (tag === undefined && node.type !== undefined && node.type !== "PLAIN") return text;
  const value = resolvePlain(text);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new DecodeError(
      `json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`,
    );
  }
  return value;
}
