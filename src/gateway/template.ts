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
