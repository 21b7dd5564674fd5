import {
  type DnsRecord,
  encode,
  flags,
  type Message,
  type Question,
  type ResponseCode,
  responseCodes,
} from "./message.ts";

/** What is to be said, before it is a message. */
export interface Reply {
  readonly code: ResponseCode;
  /** Whether it is about our own zone. */
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** What passes every path without being cut to pieces (the DNS Flag Day 2020 value). */
export const UDP_SIZE = 1232;
/** What a client without EDNS can take (RFC 1035, section 4.2.1). */
const PLAIN_SIZE = 512;

/** A reply that has a code and nothing else. */
export function bare(code: ResponseCode): Reply {
  return { code, authoritative: false, answers: [], authorities: [], additionals: [] };
}

/**
 * The reply to `query` as bytes. Over UDP it fits into what the client said it takes: else additional records go
 * first, and if that is not enough the client is told to come back over TCP.
 */
export function encodeReply(query: Message, reply: Reply, transport: "udp" | "tcp"): Uint8Array {
  const opt = query.additionals.find(({ type }) => type === "OPT");
  const theirs = opt?.type === "OPT" ? opt.udpPayloadSize : PLAIN_SIZE;
  const limit = transport === "tcp" ? 0xffff : Math.min(Math.max(theirs, PLAIN_SIZE), UDP_SIZE);
  const whole = pack(query, reply, 0);
  if (whole.length <= limit) return whole;
  const short = pack(query, { ...reply, additionals: [] }, 0);
  if (short.length <= limit) return short;
  const none = { ...reply, answers: [], authorities: [], additionals: [] };
  return pack(query, none, flags.truncated);
}

function pack(query: Message, reply: Reply, more: number): Uint8Array {
  const hasOpt = query.additionals.some(({ type }) => type === "OPT");
  const kept = query.flags & flags.recursionDesired;
  const own = flags.recursionAvailable | (reply.authoritative ? flags.authoritative : 0);
  return encode({
    type: "response",
    id: query.id,
    flags: kept | own | more | responseCodes[reply.code],
    questions: query.questions as Question[],
    answers: reply.answers,
    authorities: reply.authorities,
    additionals: [
      ...reply.additionals,
      ...hasOpt ? [{ name: ".", type: "OPT", udpPayloadSize: UDP_SIZE } as const] : [],
    ],
  });
}
