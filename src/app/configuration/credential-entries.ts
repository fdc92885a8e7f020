import { z } from "zod";
import { isTemplate } from "../../gateway/template.ts";
import { IS_MASK, isNot, isNotText, MASK } from "./option.ts";

const CLIENT = isNotText("a client id, or a pattern of client ids (sensor-*)");
const FILE = isNot("the name of a file");
const EXAMPLE = 'such as { client: "sensor-*", username: sensors, password_file: sensors.password }';

/** Never shown, for it may be what was meant to be secret. */
const SECRET = { error: "is not a text: put it in quotes" };

const secret = z.string(SECRET).refine((value) => value !== MASK, { error: IS_MASK });

/** Where a password comes from. */
const PASSWORDS = ["password", "password_file", "sas_key", "sas_key_file"] as const;

const entry = z
  .strictObject(
    {
      client: z.string(CLIENT).min(1, CLIENT),
      username: z
        .string(isNotText("a text"))
        .refine(isTemplate, { error: `has a placeholder other than \${clientId}` })
        .optional(),
      password: secret.optional(),
      password_file: z.string(FILE).min(1, FILE).optional(),
      sas_key: secret.optional(),
      sas_key_file: z.string(FILE).min(1, FILE).optional(),
    },
    { error: `is not an entry ${EXAMPLE}` },
  )
  .superRefine((each, context) => {
    const [first, second] = PASSWORDS.filter((key) => each[key] !== undefined);
    if (second === undefined) return;
    context.addIssue({ code: "custom", path: [second], message: `${first} is given too; leave one of them out` });
  });

/** What an entry may hold. */
export const CREDENTIAL_KEYS = Object.keys(entry.shape);

/** The list `clients.credentials`, and that in `clients.credentials_file`. */
export const credentialEntries = z.array(entry, { error: `is not a list of entries ${EXAMPLE}` });

/** What some clients show to the broker. After the configuration was read, secrets from files are in it like those that were written down. */
export type CredentialEntry = z.output<typeof entry>;

/** The entries without their secrets. */
export function maskedEntries(entries: readonly CredentialEntry[]): CredentialEntry[] {
  return entries.map((each) => ({
    ...each,
    ...(each.password !== undefined && { password: MASK }),
    ...(each.sas_key !== undefined && { sas_key: MASK }),
  }));
}
