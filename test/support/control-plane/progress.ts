import type { Report } from './components.ts';

/**
 * Says at once, and every 15 s until stopped, what takes so long and how long it has taken.
 * @returns stops it
 */
export function reportEvery(report: Report, what: string, seconds = 15): () => void {
  const started = performance.now();
  report(`${what} …`);
  const timer = setInterval(() => {
    const elapsed = Math.round((performance.now() - started) / 1000);
    report(`${what} … ${Math.floor(elapsed / 60)} min ${elapsed % 60} s so far`);
  }, seconds * 1000);
  return () => clearInterval(timer);
}
