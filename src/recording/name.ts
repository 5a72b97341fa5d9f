import { invalid } from '../domain/errors.ts';

const idForm = /^rec-[0-9a-z]{26}$/;

/** The file of a recording, below the recordings folder. @throws Invalid for what is not the id of one */
export const recordingName = (id: string): string => `${checked(id)}.jsonl`;

/** The file of its raw frames, where they are kept. @throws Invalid */
export const rawName = (id: string): string => `${checked(id)}.raw.jsonl`;

function checked(id: string): string {
  if (idForm.test(id)) return id;
  throw invalid(`${JSON.stringify(id)} is not the id of a recording`, 'take it from the RecordingOpened line');
}
