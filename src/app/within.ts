/** Waits for `work`, but not longer than `boundMs`. True when it is done; a failure counts as done. */
export async function within(work: Promise<unknown> | undefined, boundMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), boundMs);
  });
  const done = Promise.resolve(work).then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, bound]);
  } finally {
    clearTimeout(timer);
  }
}
