/**
 * Rejects when `settling` takes more than a second of this process's own time: a timer that was set at the same moment fires
 * late when the machine is busy, and what is awaited gets as much longer. Then some turns for what was ready and had no turn yet.
 */
export async function withinASecond<T>(settling: Promise<T>): Promise<T> {
  let late = false;
  const over = (async (): Promise<never> => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (let turn = 0; turn < 100 && !late; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    throw new Error('it took more than a second');
  })();
  over.catch(() => undefined);
  return Promise.race([settling, over]).finally(() => {
    late = true;
  });
}
