/** Whether a client id stands for one level where it is part of a topic: else its client would see what is others', or be taken for them. */
export function isOneLevel(clientId: string): boolean {
  return !/[/+#]/.test(clientId);
}
