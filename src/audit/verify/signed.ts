import { noteOf, parseStatement, type Statement } from '../checkpoint/body.ts';
import { checkSignatures, type Note, signersOf, type VerifierKey } from '../checkpoint/note.ts';
import { parseLine } from '../line.ts';

/** What is wrong with a note, or what it states. */
type Looked =
  | { readonly statement: Statement }
  | { readonly kind: 'checkpoint' | 'signature'; readonly message: string };

/** Notes in the log and from outside, held to the public keys that were given. */
export class SignedNotes {
  readonly #keys: readonly VerifierKey[];
  #count = 0;
  #bad = 0;

  constructor(keys: readonly VerifierKey[]) {
    this.#keys = keys;
  }

  get seen(): { readonly count: number; readonly signatures: 'good' | 'bad' | 'not checked' } {
    const signatures = this.#keys.length === 0 ? 'not checked' : this.#bad > 0 ? 'bad' : 'good';
    return { count: this.#count, signatures };
  }

  line(bytes: Buffer): Looked {
    this.#count += 1;
    return this.#look(noteOf(parseLine(bytes)), false);
  }

  /** One from outside proves nothing without a key. */
  outside(note: Note): Looked {
    return this.#look(note, true);
  }

  #look(note: Note, needsKey: boolean): Looked {
    const statement = parseStatement(note);
    if (statement === undefined) return { kind: 'checkpoint', message: 'it is no checkpoint that can be read' };
    if (this.#keys.length === 0 && !needsKey) return { statement };
    const found = checkSignatures(note, this.#keys);
    if (found === 'good') return { statement };
    this.#bad += 1;
    const who = signersOf(note).join(', ');
    return {
      kind: 'signature',
      message:
        found === 'wrong'
          ? `the signature of ${who} is wrong: the checkpoint was changed, or is a forgery`
          : `it is signed by ${who}, and that public key was not given`,
    };
  }
}
