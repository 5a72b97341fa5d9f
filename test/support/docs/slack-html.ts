/** Blocks of a message as a page, near enough to how Slack shows them to be looked at; for the picture in docs/. */

interface Node {
  readonly type?: string;
  readonly text?: string | Node;
  readonly elements?: readonly Node[];
  readonly fields?: readonly Node[];
  readonly style?: string | { readonly bold?: boolean };
}

const css = `
body{margin:0;background:#fff;font:15px/1.46 Lato,"DejaVu Sans",sans-serif;color:#1d1c1d}
main{width:640px;padding:18px 22px 20px;display:flex;gap:10px}
.icon{flex:none;width:36px;height:36px;border-radius:6px;background:#1d3557;color:#fff;display:grid;place-items:center;font-weight:700}
.who{font-weight:700}.app{font-size:11px;background:#e8e8e8;color:#616061;border-radius:2px;padding:1px 4px;margin:0 6px;font-weight:400}
.time{color:#616061;font-size:12px;font-weight:400}
h1{font-size:18px;line-height:1.3;margin:6px 0 8px}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;margin:6px 0}
code{font:12px/1.5 "DejaVu Sans Mono",monospace;color:#c01343;background:#f6f6f6;border:1px solid #ddd;border-radius:3px;padding:1px 3px;word-break:break-all}
.context{color:#616061;font-size:12.5px;margin:6px 0}.context code{font-size:11px}
pre{font:12px/1.5 "DejaVu Sans Mono",monospace;background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;margin:6px 0;white-space:pre-wrap}
ul{margin:2px 0 6px;padding-left:24px}blockquote{margin:8px 0;padding-left:12px;border-left:4px solid #ddd}
.mention{background:#f2e6c1;color:#1264a3;border-radius:3px;padding:0 2px}
.actions{display:flex;gap:8px;margin:10px 0 6px}
button{font:700 13px Lato,"DejaVu Sans",sans-serif;border:1px solid #bbb;border-radius:4px;background:#fff;padding:6px 12px}
button.primary{background:#007a5a;border-color:#007a5a;color:#fff}button.danger{background:#e01e5a;border-color:#e01e5a;color:#fff}`;

const plain = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>');

/** Slack's markup as far as we write it. `names`: whom a mention shows. */
const markup = (text: string, names: Readonly<Record<string, string>>): string =>
  text
    .replace(/<!date\^(\d+)\^([^|>]*)\|[^>]*>/g, (_, seconds: string, format: string) => {
      const clock = new Date(Number(seconds) * 1_000).toISOString().slice(11, 16);
      return format.startsWith('{date') ? `Today at ${clock}` : clock;
    })
    .replace(/<(?:@|!subteam\^)([A-Z0-9]+)>/g, (_, id: string) => `<span class=mention>@${names[id] ?? id}</span>`)
    .replace(/`([^`\n]+)`/g, '<code>$1</code>')
    .replace(/\*([^*\n]+)\*/g, '<b>$1</b>')
    .replaceAll('\n', '<br>');

export function slackHtml(blocks: readonly object[], names: Readonly<Record<string, string>>): string {
  const of = (node: Node | undefined): string => {
    const inner = (node?.elements ?? []).map(of).join('');
    const text = node?.text;
    switch (node?.type) {
      case 'header':
        return `<h1>${of(text as Node)}</h1>`;
      case 'plain_text':
        return plain(String(text));
      case 'mrkdwn':
        return markup(String(text), names);
      case 'section':
        return `<div class=fields>${(node.fields ?? []).map((field) => `<div>${of(field)}</div>`).join('')}</div>`;
      case 'context':
        return `<div class=context>${inner}</div>`;
      case 'rich_text_list':
        return `<ul>${(node.elements ?? []).map((item) => `<li>${of(item)}</li>`).join('')}</ul>`;
      case 'rich_text_preformatted':
        return `<pre>${inner.replaceAll('<br>', '\n')}</pre>`;
      case 'rich_text_quote':
        return `<blockquote>${inner}</blockquote>`;
      case 'text':
        return typeof node.style === 'object' && node.style.bold === true
          ? `<b>${plain(String(text))}</b>`
          : plain(String(text));
      case 'actions':
        return `<div class=actions>${inner}</div>`;
      case 'button':
        return `<button class="${typeof node.style === 'string' ? node.style : ''}">${of(text as Node)}</button>`;
      default:
        return inner;
    }
  };
  const head = '<div><span class=who>Countersign</span><span class=app>APP</span><span class=time>09:14</span></div>';
  const body = blocks.map((block) => of(block as Node)).join('\n');
  return `<!doctype html><meta charset=utf-8><style>${css}</style><main><div class=icon>C</div><div>${head}${body}</div></main>`;
}
