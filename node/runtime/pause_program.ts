/**
 * The program that holds a pod's shared process namespace: process 1 of it, which reaps what the pod's programs
 * leave behind and sleeps. A static ELF executable of one segment, made here so that no image has to be pulled:
 * `rt_sigaction(SIGCHLD, {SIG_IGN, SA_NOCLDWAIT}, NULL, 8)`, then wait for ever.
 */
export function pauseProgram(arch: "x86_64" | "aarch64"): Uint8Array {
  const { machine, code } = programs[arch];
  const image = new Uint8Array(HEADER_SIZE + code.length + ACTION.length);
  image.set(elfHeader(machine, image.length));
  image.set(code, HEADER_SIZE);
  image.set(ACTION, HEADER_SIZE + code.length);
  return image;
}

/** ELF header and one program header (elf(5)). */
const HEADER_SIZE = 64 + 56;
const LOAD_ADDRESS = 0x400000n;

/** The kernel's `struct sigaction`: handler SIG_IGN, flags SA_NOCLDWAIT, no restorer, empty mask. */
const ACTION = words64(1n, 2n, 0n, 0n);

const programs = {
  x86_64: {
    machine: 62,
    code: new Uint8Array([
      ...[0xb8, 13, 0, 0, 0], // mov eax, rt_sigaction
      ...[0xbf, 17, 0, 0, 0], // mov edi, SIGCHLD
      ...[0x48, 0x8d, 0x35, 19, 0, 0, 0], // lea rsi, [rip + action]
      ...[0x31, 0xd2], // xor edx, edx
      ...[0x41, 0xba, 8, 0, 0, 0], // mov r10d, 8
      ...[0x0f, 0x05], // syscall
      ...[0xb8, 34, 0, 0, 0], // mov eax, pause
      ...[0x0f, 0x05], // syscall
      ...[0xeb, 0xf7], // jmp to the pause again
    ]),
  },
  aarch64: {
    machine: 183,
    code: words32(
      0xd28010c8, // mov x8, rt_sigaction
      0xd2800220, // mov x0, SIGCHLD
      0x10000161, // adr x1, action
      0xd2800002, // mov x2, 0
      0xd2800103, // mov x3, 8
      0xd4000001, // svc 0
      0xd2800000, // mov x0, 0
      0xd2800001, // mov x1, 0
      0xd2800002, // mov x2, 0
      0xd2800003, // mov x3, 0
      0xd2800928, // mov x8, ppoll
      0xd4000001, // svc 0
      0x17fffffa, // b to the ppoll again
    ),
  },
} as const;

function elfHeader(machine: number, size: number): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian, version 1
  view.setUint16(16, 2, true); // an executable
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, LOAD_ADDRESS + BigInt(HEADER_SIZE), true); // entry
  view.setBigUint64(32, 64n, true); // the program header follows this one
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // a segment to load
  view.setUint32(68, 5, true); // readable and executable
  view.setBigUint64(80, LOAD_ADDRESS, true);
  view.setBigUint64(88, LOAD_ADDRESS, true);
  view.setBigUint64(96, BigInt(size), true);
  view.setBigUint64(104, BigInt(size), true);
  view.setBigUint64(112, 0x1000n, true);
  return header;
}

function words32(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint32(index * 4, word, true));
  return bytes;
}

function words64(...words: bigint[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setBigUint64(index * 8, word, true));
  return bytes;
}
