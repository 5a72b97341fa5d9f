import { afterAll } from 'vitest';

type Ending = () => unknown;

const endings: Ending[] = [];

/**
 * Runs this when the calling file is done, the last one first, whatever the others do; a failure fails the file. For what is made
 * in `beforeAll` or in a test: an `afterAll` that is called there is dropped without a word.
 */
export const atEnd = (ending: Ending): void => {
  endings.push(ending);
};

afterAll(async () => {
  const failures: unknown[] = [];
  for (let ending = endings.pop(); ending !== undefined; ending = endings.pop()) {
    try {
      await ending();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'));
}, 180_000);
