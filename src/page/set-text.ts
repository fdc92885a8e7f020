/** Changes the text of an element only where it differs: a selection in it, and what reads it aloud, are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
