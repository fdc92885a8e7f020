import type { HttpService, HttpSurroundings } from "./http-service.ts";

/** Serves the status page, the API and metrics, where that is wanted (http.listen). */
export async function openHttp(around: HttpSurroundings): Promise<HttpService | undefined> {
  if (around.values()["http.listen"] === "") return undefined;
  // Only here: what is not used is not loaded.
  const { HttpService } = await import("./http-service.ts");
  const service = new HttpService(around);
  await service.start();
  return service;
}
