import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { Decrypter } from 'age-encryption';
import { CountersignError, invalid } from '../domain/errors.ts';
import { isJsonObject, type JsonObject, numberAt, stringAt } from '../domain/json.ts';
import { rawName } from './name.ts';
import { readLines } from './read.ts';
import type { Cue } from './session.ts';

/** The identities in the text of a file as age-keygen writes it. @throws Invalid where there is none */
export function identitiesIn(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const found = lines.filter((line) => /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/.test(line));
  if (found.length > 0) return found;
  throw invalid(
    'there is no age identity in what --identity names',
    'give a file as age-keygen writes it; one that is encrypted itself is decrypted first: age -d key.age | … --identity -',
  );
}

/**
 * What was said in a session, not masked, in order. Its chain is not checked here: `verifyRaw` does that.
 * @throws Invalid where there are no raw frames, or the identities are not for them
 */
export async function readRaw(folder: string, id: string, identities: readonly string[]): Promise<readonly Cue[]> {
  const decrypter = new Decrypter();
  try {
    for (const each of identities) decrypter.addIdentity(each);
  } catch (cause) {
    throw new CountersignError('Invalid', 'an age identity is damaged', {
      hint: 'give the file as age-keygen wrote it',
      cause,
    });
  }
  const cues: Cue[] = [];
  const texts = new Texts();
  let begun: number | undefined;
  for await (const line of readLines(join(folder, rawName(id)))) {
    if (line.type === 'RawOpened') begun ??= Date.parse(stringAt(line, 'time') ?? '');
    if (line.type !== 'RawFrames') continue;
    for (const frame of await framesOf(decrypter, line)) cues.push(texts.cueOf(frame, begun ?? 0));
  }
  return cues;
}

async function framesOf(decrypter: Decrypter, line: JsonObject): Promise<readonly JsonObject[]> {
  const sealed = Buffer.from(stringAt(line, 'age') ?? '', 'base64');
  const text = await decrypter.decrypt(sealed, 'text').catch((cause: unknown) => {
    throw new CountersignError(
      'Invalid',
      `line ${numberAt(line, 'seq') ?? '?'} of the raw frames cannot be decrypted`,
      {
        hint: 'give the identity whose public half was in recording.rawTo then; the first line of the raw file names it',
        cause,
      },
    );
  });
  return text.split('\n').flatMap((each) => {
    const frame: unknown = each === '' ? undefined : JSON.parse(each);
    return isJsonObject(frame) ? [frame] : [];
  });
}

/** A character may be cut over two frames of a channel. */
class Texts {
  readonly #decoders = new Map<string, StringDecoder>();

  cueOf(frame: JsonObject, begun: number): Cue {
    const channel = stringAt(frame, 'channel') ?? '';
    const decoder = this.#decoders.get(channel) ?? new StringDecoder('utf8');
    this.#decoders.set(channel, decoder);
    const text = decoder.write(Buffer.from(stringAt(frame, 'base64') ?? '', 'base64'));
    return { at: Math.max(0, (numberAt(frame, 'time') ?? begun) - begun), channel, text };
  }
}
