/** Control characters, and those that are invisible or change the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be seen
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A stranger's text with what cannot be seen in it made visible: two client ids that differ look different. Empty is told, too. */
export function visibleText(text: string): string {
  if (text === "") return "(empty)";
  return text.replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    // The pictures of control characters.
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
