import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";

/** An active client has not answered the message in flight in time: it is sent again, or that was enough (R4 to R6). */
export function retryDelivery(client: ClientRecord, now: Instant): void {
  const { deliveries } = client;
  if (deliveries.retry(now) === "again") return;
  if (deliveries.giveUpRegister(client.durable || client.unheard !== undefined) !== undefined) {
    deliveries.advance(now);
    return;
  }
  if (client.unheard !== undefined) {
    deliveries.park();
    client.note("delivery.postponed", {});
    return;
  }
  // R6: without an answer the client is lost. With CleanSession=0 the broker keeps the message, which it was never acknowledged.
  client.send(FIXED.disconnect);
  client.lose("no answer to a message");
}
