import { join } from 'node:path';
import { invalid } from '../domain/errors.ts';
import { type JsonObject, stringAt } from '../domain/json.ts';
import { chainFiles } from './chain-files.ts';
import { byTime, parseLine } from './line.ts';
import { scanLines } from './scan.ts';

/**
 * Everything that the folder has about one call, by time: its own lines, and those of its approval, whoever wrote them. `id`: an
 * invocation, the last eight characters of one or more, or an approval. Links are not checked here: `verify` does that.
 * @throws Invalid where nothing, or more than one call, has this id
 */
export async function wholeStory(folder: string, id: string): Promise<readonly JsonObject[]> {
  if (!/^(?:cs-[0-9a-z]{6}|[0-9A-Za-z]{8,26})$/.test(id))
    throw invalid(
      `${JSON.stringify(id.slice(0, 64))} is not the id of a call`,
      'take the audit id of an answer, its last eight characters, or an approval such as cs-7f3k2m',
    );
  const wanted = id.startsWith('cs-') ? id : id.toUpperCase();
  const named = await linesWith(folder, [wanted], (line) => line.approval === wanted || ofCall(line, wanted));
  const ids = new Set(named.flatMap((line) => [stringAt(line, 'invocation'), stringAt(line, 'approval')]));
  const calls = [...ids].filter((each) => each !== undefined && each.length === 26);
  if (calls.length === 0)
    throw invalid(`nothing in the audit log has the id ${id}`, 'countersign audit tail shows all');
  if (!id.startsWith('cs-') && calls.length > 1)
    throw invalid(`${calls.length} calls end in ${id}: ${calls.join(', ')}`, 'give the whole id of one');
  const known = [...ids].filter((each) => each !== undefined && each !== '');
  const isOfIt = ({ invocation, approval }: JsonObject): boolean =>
    known.includes(String(invocation)) || known.includes(String(approval));
  // By the order of the files where the time is the same: within a chain that is the order in which things happened.
  return (await linesWith(folder, known, isOfIt)).toSorted(byTime);
}

const ofCall = (line: JsonObject, end: string): boolean => stringAt(line, 'invocation')?.endsWith(end) === true;

async function linesWith(
  folder: string,
  texts: readonly (string | undefined)[],
  fits: (line: JsonObject) => boolean,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for (const file of chainFiles(folder))
    await scanLines(join(folder, file), 0, (bytes) => {
      if (!texts.some((text) => text !== undefined && bytes.includes(text))) return;
      const line = parseLine(bytes);
      if (fits(line)) found.push(line);
    });
  return found;
}
