import { z } from 'zod';

/**
 * What somebody typed, in pieces: their own plain words, and everything that looks like words and is not (a quotation, code,
 * an emoji, a mention, struck-out text). https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
 */
export interface Segment {
  readonly kind: 'plain' | 'quote' | 'code' | 'struck' | 'list' | 'emoji' | 'mention' | 'link' | 'other';
  readonly text: string;
}

const inlineSchema = z.object({
  type: z.string(),
  text: z.string().optional(),
  url: z.string().optional(),
  name: z.string().optional(),
  user_id: z.string().optional(),
  style: z.object({ code: z.boolean().optional(), strike: z.boolean().optional() }).optional(),
});
const partSchema = z.object({ type: z.string(), elements: z.array(z.unknown()).default([]) });
const richTextSchema = z.object({ type: z.literal('rich_text'), elements: z.array(z.unknown()) });

/** Of a message as Slack gives it: its rich text, or its text where nobody typed it into an editor. */
export function segmentsOf(message: {
  readonly text: string;
  readonly blocks: readonly unknown[];
}): readonly Segment[] {
  if (message.blocks.length === 0) return ofText(message.text);
  return message.blocks.flatMap((block): readonly Segment[] => {
    const rich = richTextSchema.safeParse(block).data;
    return rich === undefined ? [{ kind: 'other', text: '' }] : rich.elements.flatMap(ofPart);
  });
}

function ofPart(raw: unknown): readonly Segment[] {
  const part = partSchema.safeParse(raw).data;
  if (part === undefined) return [{ kind: 'other', text: '' }];
  const inner = part.elements.flatMap(part.type === 'rich_text_list' ? ofPart : ofInline);
  const as = (kind: Segment['kind']): readonly Segment[] => [
    { kind, text: inner.map(({ text }) => text).join('') },
    { kind: 'plain', text: '\n' },
  ];
  if (part.type === 'rich_text_section') return inner;
  if (part.type === 'rich_text_quote') return as('quote');
  if (part.type === 'rich_text_preformatted') return as('code');
  return as(part.type === 'rich_text_list' ? 'list' : 'other');
}

function ofInline(raw: unknown): readonly Segment[] {
  const element = inlineSchema.safeParse(raw).data;
  if (element === undefined) return [{ kind: 'other', text: '' }];
  const { type, text = '', style, url = '', name = '', user_id = '' } = element;
  if (type === 'emoji') return [{ kind: 'emoji', text: `:${name}:` }];
  if (type === 'user') return [{ kind: 'mention', text: `@${user_id}` }];
  if (type === 'link') return [{ kind: 'link', text: text === '' || text === url ? url : `${text} (${url})` }];
  if (type !== 'text') return [{ kind: 'other', text: name }];
  if (style?.strike === true) return [{ kind: 'struck', text }];
  return [{ kind: style?.code === true ? 'code' : 'plain', text }];
}

const markup =
  /```(?<pre>[\s\S]*?)```|`(?<code>[^`\n]+)`|(?<=^|\s)~(?<struck>[^~\n]+)~|:(?<emoji>[a-z0-9_+-]+):|<(?<angled>[^<>\n]+)>|^(?:&gt;|>) ?(?<quote>.*)$/gm;

/** `text` as Slack sends it: three characters escaped, the rest its own markup. */
function ofText(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const found of text.matchAll(markup)) {
    if (found.index > at) segments.push({ kind: 'plain', text: unescaped(text.slice(at, found.index)) });
    segments.push(ofMarkup(found.groups ?? {}));
    at = found.index + found[0].length;
  }
  if (at < text.length) segments.push({ kind: 'plain', text: unescaped(text.slice(at)) });
  return segments;
}

function ofMarkup(groups: { readonly [name: string]: string | undefined }): Segment {
  const { pre, code, struck, emoji, angled, quote } = groups;
  const inCode = pre ?? code;
  if (inCode !== undefined) return { kind: 'code', text: unescaped(inCode) };
  if (struck !== undefined) return { kind: 'struck', text: unescaped(struck) };
  if (emoji !== undefined) return { kind: 'emoji', text: `:${emoji}:` };
  if (angled?.startsWith('@') === true) return { kind: 'mention', text: angled };
  if (angled !== undefined) return { kind: 'link', text: unescaped(angled) };
  return { kind: 'quote', text: unescaped(quote ?? '') };
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
