import { describe, expect, it } from 'vitest';
import { escapeText, Html, html } from './html';

describe('a template of markup', () => {
  it('escapes text, so that it can be no markup', () => {
    const hostile = '<script>alert("1")</script> & \'';
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
      `<p title="${escapeText(hostile)}">${escapeText(hostile)}</p>`,
    );
    expect(escapeText(hostile)).toBe('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;');
  });

  it('takes markup as it is, lists one after the other, and nothing as nothing', () => {
    const items = ['a', 'b'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${false}${0}${new Html('<hr>')}`.text).toBe(
      '<ul><li>a</li><li>b</li></ul>0<hr>',
    );
  });
});
