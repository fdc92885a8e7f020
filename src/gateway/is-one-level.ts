/**
 * Whether a client id stands for one level where it is part of a topic: else its client would see what is others', or be taken for them. Nor
 * may it begin with a $, which means something to brokers at the beginning of a topic: `$SYS`, `$share`, `$delayed`.
 */
export function isOneLevel(clientId: string): boolean {
  return !/^\$|[/+#]/.test(clientId);
}
