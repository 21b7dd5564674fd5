/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** E.g. `CERTIFICATE`. */
  readonly type: string;
  /** Whether there are header lines before the data (RFC 1421), which the API allows nowhere. */
  readonly hasHeaders: boolean;
  /** The data in base64 without line breaks. */
  readonly data: string;
}

const blockPattern =
  /(?:^|\n)-----BEGIN ([^\r\n-]*)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----[ \t]*(?=\r?\n|$)/g;

/** The PEM blocks of a text; text between them is ignored. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, type = "", body = ""] of text.matchAll(blockPattern)) {
    const hasHeaders = /^[^\r\n]*:/.test(body);
    const data = (hasHeaders ? body.replace(/^[\s\S]*?\r?\n\r?\n/, "") : body).replace(/\s/g, "");
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(data)) blocks.push({ type, hasHeaders, data });
  }
  return blocks;
}

/** The PEM blocks of a field that holds bytes, as base64. Undefined or not base64: none. */
export function pemBlocksOfBytes(base64: string | undefined): readonly PemBlock[] {
  try {
    return pemBlocks(atob(base64 ?? ""));
  } catch {
    return [];
  }
}
