import { expect, vi } from 'vitest';
import type { FakeSlack } from './server.ts';
import type { FakeMessage } from './world.ts';

/** As patient as somebody who looks at a channel while a spawned server works. */
export const until = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 20_000, interval: 20 });

export const textOf = (message: FakeMessage): string => JSON.stringify(message.blocks);

/** The one message about this approval, as soon as it is there. */
export const cardOf = (slack: FakeSlack, id: string): Promise<FakeMessage> =>
  until(() => {
    const found = slack.cards().filter((each) => textOf(each).includes(id));
    expect(found).toHaveLength(1);
    return found[0] as FakeMessage;
  });
