/** Logs with something to flush when the process ends: one listener for all of them. */
const flushes = new Set<() => void>();
let listening = false;

/** Calls back, in the tick in which the process exits. Returns how to leave. */
export function flushAtExit(flush: () => void): () => void {
  if (!listening) {
    listening = true;
    process.on('exit', () => {
      for (const each of flushes) each();
    });
  }
  flushes.add(flush);
  return () => {
    flushes.delete(flush);
  };
}
