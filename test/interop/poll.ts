/** Asks again and again until there is an answer; undefined where there is none within the bound. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { boundMs, intervalMs }: { boundMs: number; intervalMs: number },
): Promise<T | undefined> {
  const end = performance.now() + boundMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
