/**
 * Puts `text` in the place of the section that a Markdown document has under this name, or at its end. Sections stand
 * between comments that name them, so that each run renews its own.
 */
export function putSection(document: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`;
  const end = `<!-- end of ${name} -->\n`;
  const start = document.indexOf(begin);
  const stop = document.indexOf(end, start);
  if (start < 0 || stop < 0) return `${document.trimEnd()}\n\n${begin}${text}${end}`;
  return document.slice(0, start + begin.length) + text + document.slice(stop);
}

/** `putSection` in a file, which begins as `# title` if it is not there yet. */
export async function saveSection(
  file: URL,
  { title, name, text }: { readonly title: string; readonly name: string; readonly text: string },
): Promise<void> {
  const old = await Deno.readTextFile(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return `# ${title}\n`;
    throw error;
  });
  await Deno.writeTextFile(file, putSection(old, name, text));
}
