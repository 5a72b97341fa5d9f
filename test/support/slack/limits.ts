/** Slack's limits on blocks, refused as Slack refuses them: https://docs.slack.dev/reference/block-kit/blocks */

export interface Fault {
  readonly error: string;
  readonly messages: readonly string[];
}

type Block = { readonly [key: string]: unknown };
type Faults = Iterable<string>;

/** `invalid_blocks` with what is wrong where, or `msg_blocks_too_long`; undefined: they are taken. */
export function faultOfBlocks(blocks: unknown): Fault | undefined {
  if (!Array.isArray(blocks)) return { error: 'invalid_blocks_format', messages: [] };
  const faults = [...faultsOf(blocks)].map((fault) => `[ERROR] ${fault}`);
  if (faults.length > 0) return { error: 'invalid_blocks', messages: faults };
  return lengthOf(blocks) > 13_200 ? { error: 'msg_blocks_too_long', messages: [] } : undefined;
}

function* faultsOf(blocks: readonly unknown[]): Faults {
  if (blocks.length > 50) yield fault('no more than 50 items allowed', '/blocks');
  const ids = new Set<unknown>();
  for (const [index, block] of blocks.entries()) {
    const at = `/blocks/${index}`;
    const check = isObject(block) ? checks[String(block.type)] : undefined;
    if (!isObject(block) || check === undefined) {
      yield fault('unsupported type', at);
      continue;
    }
    const id = block.block_id;
    if (id !== undefined && (typeof id !== 'string' || id.length > 255 || id === ''))
      yield fault('must be 1 to 255 characters', `${at}/block_id`);
    if (id !== undefined && ids.has(id)) yield fault('block_id already exists', `${at}/block_id`);
    ids.add(id);
    yield* check(block, at);
  }
}

const fault = (words: string, pointer: string): string => `${words} [json-pointer:${pointer}]`;
const isObject = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function* text(value: unknown, most: number, at: string, types = ['plain_text', 'mrkdwn']): Faults {
  if (!isObject(value) || typeof value.text !== 'string') {
    yield fault('missing required field: text', at);
    return;
  }
  if (!types.includes(String(value.type))) yield fault(`must be of type ${types.join(' or ')}`, `${at}/type`);
  if (value.text.length < 1) yield fault('must be more than 0 characters', `${at}/text`);
  if (value.text.length > most) yield fault(`must be less than ${most + 1} characters`, `${at}/text`);
}

const checks: Readonly<Record<string, (block: Block, at: string) => Faults>> = {
  divider: () => [],
  header: (block, at) => text(block.text, 150, `${at}/text`, ['plain_text']),
  *section(block, at) {
    if (block.text === undefined && block.fields === undefined) yield fault('must have text or fields', at);
    if (block.text !== undefined) yield* text(block.text, 3_000, `${at}/text`);
    const fields = list(block.fields);
    if (fields.length > 10) yield fault('no more than 10 items allowed', `${at}/fields`);
    for (const [index, field] of fields.entries()) yield* text(field, 2_000, `${at}/fields/${index}`);
  },
  *context(block, at) {
    const elements = list(block.elements);
    if (elements.length < 1 || elements.length > 10) yield fault('must have 1 to 10 items', `${at}/elements`);
    for (const [index, element] of elements.entries()) yield* text(element, 3_000, `${at}/elements/${index}`);
  },
  *actions(block, at) {
    const elements = list(block.elements);
    if (elements.length < 1 || elements.length > 25) yield fault('must have 1 to 25 items', `${at}/elements`);
    const ids = elements.map((element) => (isObject(element) ? element.action_id : undefined));
    if (new Set(ids).size < ids.length) yield fault('`action_id` already exists', at);
    for (const [index, element] of elements.entries()) yield* button(element, `${at}/elements/${index}`);
  },
  *rich_text(block, at) {
    const elements = list(block.elements);
    if (elements.length < 1) yield fault('must have at least 1 item', `${at}/elements`);
    for (const element of elements)
      if (!isObject(element) || !/^rich_text_(section|preformatted|quote|list)$/.test(String(element.type)))
        yield fault('unsupported rich text element', `${at}/elements`);
      else yield* inner(element, `${at}/elements`);
  },
  *input(block, at) {
    yield* text(block.label, 2_000, `${at}/label`, ['plain_text']);
    if (!isObject(block.element)) yield fault('missing required field: element', at);
  },
};

/** What stands in a section, a quotation, a list: an empty text is refused there too. */
function* inner(element: Block, at: string): Faults {
  for (const [index, each] of list(element.elements).entries()) {
    const here = `${at}/${index}`;
    if (!isObject(each)) yield fault('must be an object', here);
    else if (each.type === 'rich_text_section') yield* inner(each, here);
    else if (each.type === 'text' && (typeof each.text !== 'string' || each.text === ''))
      yield fault('must be more than 0 characters', `${here}/text`);
  }
}

function* button(element: unknown, at: string): Faults {
  if (!isObject(element) || element.type !== 'button') {
    yield fault('unsupported type', at);
    return;
  }
  const { action_id, value, style, confirm } = element;
  yield* text(element.text, 75, `${at}/text`, ['plain_text']);
  if (typeof action_id !== 'string' || action_id.length > 255) yield fault('invalid action_id', at);
  if (value !== undefined && String(value).length > 2_000)
    yield fault('must be less than 2001 characters', `${at}/value`);
  if (style !== undefined && style !== 'primary' && style !== 'danger') yield fault('invalid style', `${at}/style`);
  if (confirm === undefined) return;
  const dialog = isObject(confirm) ? confirm : {};
  yield* text(dialog.title, 100, `${at}/confirm/title`, ['plain_text']);
  yield* text(dialog.text, 300, `${at}/confirm/text`);
  yield* text(dialog.confirm, 30, `${at}/confirm/confirm`, ['plain_text']);
  yield* text(dialog.deny, 30, `${at}/confirm/deny`, ['plain_text']);
}

/** What counts towards the limit of a whole message: every text in it. */
function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + lengthOf(each), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, each]) => sum + (key === 'text' && typeof each === 'string' ? each.length : lengthOf(each)),
    0,
  );
}

/** Blocks as Slack gives them back: with the ids and defaults that it adds. */
export const echoBlocks = (blocks: readonly object[], newId: () => string): object[] =>
  blocks.map((block) => ({ block_id: newId(), ...(withDefaults(block) as object) }));

function withDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDefaults);
  if (!isObject(value)) return value;
  const members = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withDefaults(each)]));
  if (members.type === 'plain_text') return { ...members, emoji: members.emoji ?? true };
  if (members.type === 'mrkdwn') return { ...members, verbatim: members.verbatim ?? false };
  if (members.type === 'rich_text_preformatted') return { border: 0, ...members };
  return members;
}
