import { z } from "zod";
import { isNot } from "./option.ts";

const CLIENT = isNot("a client id, or a pattern of client ids (sensor-*)");
const TEXT = isNot("a text: put it in quotes");

const entry = z.strictObject(
  {
    client: z.string(CLIENT).min(1, CLIENT),
    username: z.string(TEXT).optional(),
    // Never shown, for it may be what was meant.
    password: z.string({ error: "is not a text: put it in quotes" }).optional(),
    password_file: z.string(TEXT).min(1, TEXT).optional(),
    sas_key: z.string({ error: "is not a text: put it in quotes" }).optional(),
    sas_key_file: z.string(TEXT).min(1, TEXT).optional(),
  },
  isNot('an entry such as { client: "sensor-*", username: sensors, password_file: /etc/sensors.pw }'),
);

/** What an entry may hold. */
export const CREDENTIAL_KEYS = Object.keys(entry.shape);

/** The list `clients.credentials`. */
export const credentials = z.array(
  entry,
  isNot('a list of entries such as { client: "sensor-*", username: sensors, password_file: /etc/sensors.pw }'),
);
