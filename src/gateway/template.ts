/** What stands for the client's id in a template. */
export const CLIENT_ID = `\${clientId}`;

/** Whether every placeholder in the template is one that can be filled in. */
export function isTemplate(text: string): boolean {
  return !text.replaceAll(CLIENT_ID, "").includes("${");
}

/** Whether the template gives every client a text of its own. */
export function namesClient(text: string): boolean {
  return text.includes(CLIENT_ID);
}

/** The template with the client's id filled in. */
export function expandTemplate(template: string, clientId: string): string {
  return template.replaceAll(CLIENT_ID, () => clientId);
}

/** The client id that has been filled into the template where this has come of it; undefined where none can have been. */
export function clientIdIn(template: string, expanded: string): string | undefined {
  const [head, ...rest] = template.split(CLIENT_ID) as [string, ...string[]];
  if (rest.length === 0) return undefined;
  const length = (expanded.length - head.length - rest.join("").length) / rest.length;
  const clientId = expanded.slice(head.length, head.length + length);
  return expandTemplate(template, clientId) === expanded ? clientId : undefined;
}
