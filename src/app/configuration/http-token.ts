import { optional, secret } from "./option.ts";

/** Shorter ones can be guessed; longer ones do not fit into the form. */
const CHARACTERS_MIN = 16;
const CHARACTERS_MAX = 512;

/** A header can carry these, and nobody has to wonder where it ends. */
const VISIBLE = /^[!-~]+$/;

const REMEDY = "make one with: openssl rand -base64 24";

/** What is wrong with a token, without showing it; undefined where nothing is. */
export function httpTokenProblem(token: string): string | undefined {
  if (token.length < CHARACTERS_MIN) {
    return `a token has at least ${CHARACTERS_MIN} characters, and this one has ${token.length}; ${REMEDY}`;
  }
  if (token.length > CHARACTERS_MAX) return `a token has ${CHARACTERS_MAX} characters at most; ${REMEDY}`;
  return VISIBLE.test(token)
    ? undefined
    : `a token has neither spaces nor line ends nor letters outside of ASCII; ${REMEDY}`;
}

/** The option for one. */
export function httpToken() {
  const { schema, ...rest } = secret("<token>");
  const checked = schema.superRefine((token, context) => {
    const problem = httpTokenProblem(token);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
  return optional({ ...rest, schema: checked });
}
