import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";

export interface Question {
  readonly name: string;
  /** `A`, `AAAA`, `SRV`, …, or `UNKNOWN_…`. */
  readonly type: string;
  readonly class: string;
}

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

interface RecordOf<Type extends string, Data> {
  readonly name: string;
  readonly type: Type;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Data;
}

/** The records that we make ourselves. */
export type DnsRecord =
  | RecordOf<"A" | "AAAA" | "CNAME" | "PTR" | "NS" | "TXT", string>
  | RecordOf<"SRV", SrvData>
  | RecordOf<"SOA", SoaData>;

/** The sender's EDNS options (RFC 6891). */
export interface OptRecord {
  readonly name: ".";
  readonly type: "OPT";
  readonly udpPayloadSize: number;
}

export interface Message {
  readonly type: "query" | "response";
  readonly id: number;
  /** The header's flags, with the response code in the lowest four bits. */
  readonly flags: number;
  readonly opcode: string;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly (DnsRecord | OptRecord)[];
}

/** RFC 1035, section 4.1.1. */
export const responseCodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
} as const;
export type ResponseCode = keyof typeof responseCodes;

/** Header flags. */
export const flags = {
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
} as const;

const codec: {
  encode(message: Omit<Message, "opcode">): Uint8Array;
  decode(packet: Buffer): Message;
} = dnsPacket;

/** Throws if it is no whole DNS message. */
export function decode(packet: Uint8Array): Message {
  return codec.decode(Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength));
}

/** The message as bytes, without name compression. */
export function encode(message: Omit<Message, "opcode">): Uint8Array {
  return codec.encode(message);
}
