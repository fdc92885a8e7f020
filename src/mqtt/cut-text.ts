/** Characters of a stranger's text that are shown. */
const SHOWN_MAX = 200;

/** What a stranger says, in a message for people: no more than so much of it. */
export function cutText(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
