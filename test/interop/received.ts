/** A message as it arrived, at a device or at an MQTT client. `data` has one character for each octet (Latin-1). */
export interface Received {
  topic: string;
  data: string;
  qos: number;
  retain: boolean;
}
