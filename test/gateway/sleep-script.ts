import { Script } from "./script.ts";

export const OWN_PING = { clientId: "dev1" };

/** A client that sleeps for 300 s at a time and has subscribed to "a" and "w/#"; the id of "a" is returned as well. */
export function sleeper(settings = {}, connect = {}): { s: Script; topicId: number } {
  const s = new Script({ tRetryMs: 10_000, nRetry: 3, ...settings });
  s.connect(connect);
  const topicId = s.subscribe("a", 2, 1);
  s.subscribe("w/#", 2, 2);
  s.sleep(300);
  return { s, topicId };
}

/** The broker has shown that nothing more comes: the awake period ends. */
export function endsAwake(s: Script): void {
  s.does("probe").nothing();
  s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
}
