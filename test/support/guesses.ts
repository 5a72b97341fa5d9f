import { expect } from 'vitest';

/** Of what the sandbox's Secret shop/db holds. */
export const right = 'sandbox-only-T4ble-Lamp-91';
export const wrong = 'sandbox-only-T4ble-Lamp-92';

/** What differs between any two calls, and the guess, which is echoed. */
const same = (shown: unknown, guess: string): unknown =>
  JSON.parse(
    JSON.stringify(shown)
      .replaceAll(guess, 'GUESS')
      .replaceAll(guess.toLowerCase(), 'GUESS')
      .replaceAll(Buffer.from(guess).toString('base64'), 'GUESS')
      .replace(/sha256:[0-9a-f]{64}|\bcs-[0-9a-z]{6}\b|\b[0-9A-HJKMNP-TV-Z]{26}\b|\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'ID'),
  );

/** Whether a guess is right is not told: but for the guess itself both read alike. */
export function expectAlike(ofRight: unknown, ofWrong: unknown): void {
  expect(same(ofRight, right)).toEqual(same(ofWrong, wrong));
}
