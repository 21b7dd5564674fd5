import type { Log } from "../../shared/log/log.ts";
import { bare, encodeReply, type Reply, UDP_SIZE } from "./reply.ts";
import { decode, type DnsRecord, encode, flags, type Message, type Question } from "./message.ts";
import type { Transport } from "./upstream.ts";
import { answerZone, startOfAuthority, type ZoneAnswer, type ZoneSource } from "./zone.ts";

/** Who answers for names that are not the cluster's. */
export interface OtherNames {
  ask(
    query: Uint8Array,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
}

export interface ResolverOptions {
  /** In lower case, without a dot at the end. */
  readonly domain: string;
  /** `known` is false until there is a first list: until then "no such name" would be a guess. */
  readonly zone: ZoneSource & { readonly known: boolean };
  readonly upstream: OtherNames;
  readonly log: Log;
}

/** An alias in the cluster may lead to another one; this many are followed. */
const MAX_ALIASES = 8;

/** Turns queries into answers, as bytes. */
export class Resolver {
  readonly #options: ResolverOptions;
  /** Counts answers, so that each begins its list of addresses with another one. */
  #turn = 0;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** Undefined for what is no query at all, and deserves no answer. */
  async answer(
    packet: Uint8Array,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    if (packet.length < 12 || (packet[2]! & 0x80) !== 0) return undefined;
    const query = tryDecode(packet);
    if (!query || query.questions.length !== 1) return headerOnly(packet, "FORMERR");
    const [question] = query.questions;
    if (query.opcode !== "QUERY") return encodeReply(query, bare("NOTIMP"), transport);
    if (question!.class !== "IN") return encodeReply(query, bare("REFUSED"), transport);
    const found = this.#lookUp(question!);
    if (found === "unknown") return encodeReply(query, bare("SERVFAIL"), transport);
    if (found) {
      return encodeReply(query, await this.#reply(question!, found, transport, signal), transport);
    }
    const passed = await this.#options.upstream.ask(packet, transport, signal);
    return passed ?? encodeReply(query, bare("SERVFAIL"), transport);
  }

  #lookUp(question: Question): ZoneAnswer | "unknown" | undefined {
    const { domain, zone } = this.#options;
    if (zone.known) return answerZone(question, domain, zone);
    const name = question.name.toLowerCase();
    return name === domain || name.endsWith(`.${domain}`) ? "unknown" : undefined;
  }

  async #reply(
    question: Question,
    found: ZoneAnswer,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { domain } = this.#options;
    const rest = found.answers.length === 1 && found.answers[0]!.type === "CNAME"
      ? await this.#follow(question, found.answers[0]!.data as string, transport, signal)
      : [];
    const authorities = found.answers.length === 0 ? [startOfAuthority(domain)] : [];
    return {
      code: found.code,
      authoritative: true,
      answers: [...rotated(found.answers, this.#turn++), ...rest],
      authorities,
      additionals: found.additionals,
    };
  }

  /** C libraries do not follow aliases by themselves: they want the addresses in the same answer. */
  async #follow(
    { type, class: kind }: Question,
    target: string,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<DnsRecord[]> {
    if (type !== "A" && type !== "AAAA") return [];
    const chain: DnsRecord[] = [];
    let name = target;
    for (let i = 0; i < MAX_ALIASES; i++) {
      const question = { name, type, class: kind };
      const found = this.#lookUp(question);
      if (found === "unknown") return chain;
      if (!found) return [...chain, ...await this.#askOthers(question, transport, signal)];
      chain.push(...found.answers);
      const next = found.answers[0];
      if (next?.type !== "CNAME") return chain;
      name = next.data;
    }
    return chain;
  }

  async #askOthers(
    question: Question,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<DnsRecord[]> {
    const query = encode({
      type: "query",
      id: this.#turn & 0xffff,
      flags: flags.recursionDesired,
      questions: [question],
      answers: [],
      authorities: [],
      additionals: [{ name: ".", type: "OPT", udpPayloadSize: UDP_SIZE }],
    });
    const packet = await this.#options.upstream.ask(query, transport, signal);
    const answer = packet && tryDecode(packet);
    const wanted = ["CNAME", question.type];
    return answer?.answers.filter(({ type }) => wanted.includes(type)) ?? [];
  }
}

function tryDecode(packet: Uint8Array): Message | undefined {
  try {
    return decode(packet);
  } catch {
    return undefined;
  }
}

/** An answer to something of which only the header could be read. */
function headerOnly(packet: Uint8Array, code: "FORMERR"): Uint8Array {
  const id = (packet[0]! << 8) | packet[1]!;
  const query: Message = {
    type: "query",
    id,
    flags: 0,
    opcode: "QUERY",
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
  };
  return encodeReply(query, bare(code), "tcp");
}

function rotated<T>(values: readonly T[], turn: number): T[] {
  const start = values.length > 1 ? turn % values.length : 0;
  return [...values.slice(start), ...values.slice(0, start)];
}
