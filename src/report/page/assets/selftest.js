// What holds of every page, checked by the page itself: colours that can be read, controls and tables that a screen reader can name.

/** The colour of a custom property or of a computed style, as red, green and blue. */
function rgbOf(colour) {
  const brush = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** How far two colours are apart, as the guidelines for accessible pages count it: 1 to 21. */
function contrast(one, other) {
  const light = (colour) => {
    const [red, green, blue] = rgbOf(colour).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

/** Text is read on its ground and signs are seen on theirs, in both themes. */
function checkColours(check) {
  const root = document.documentElement;
  const before = root.dataset.theme;
  for (const theme of ['light', 'dark']) {
    root.dataset.theme = theme;
    const probe = document.body.appendChild(el('span'));
    const of = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const pairs = ['good', 'noted', 'open', 'bad', 'accent'].map((name) => [name, `${name}-soft`])
      .concat(['ink', 'dim', 'good', 'noted', 'open', 'bad', 'accent', 'device', 'room', 'request', 'deed'].map((name) => [name, 'panel']), [['dim', 'ground'], ['dim', 'sunken']]);
    for (const [ink, ground] of pairs) check(`${ink} is read on ${ground} where it is ${theme}`, contrast(of(ink), of(ground)) >= 4.5);
    const topics = Array.from({ length: 12 }, (_, place) => document.body.appendChild(el('span', { class: `dot t${place}` })));
    topics.forEach((topic, place) => {
      check(`topic ${place} is seen where it is ${theme}`, contrast(getComputedStyle(topic).backgroundColor, of('panel')) >= 3);
      topic.remove();
    });
    probe.remove();
  }
  if (before === undefined) delete root.dataset.theme;
  else root.dataset.theme = before;
}

const nameOf = (one) => (one.getAttribute('aria-label') ?? document.getElementById(one.getAttribute('aria-labelledby'))?.textContent
  ?? one.caption?.textContent ?? one.closest('label')?.textContent ?? one.textContent).trim();

/** An element in a few letters, to be found by. */
const described = (one) => `${one.localName} ${one.id} ${one.getAttribute('class') ?? ''} ${one.textContent.trim()}`.slice(0, 80);

/** Controls, tables, pictures and what scrolls have names, and the keyboard comes to them. */
function checkNames(check) {
  for (const one of document.querySelectorAll('button, input, select, summary, a[href]')) check(`a control has a name: ${described(one)}`, nameOf(one) !== '');
  for (const one of document.querySelectorAll('[role="region"], [role="listbox"], [role="group"], [role="grid"], [role="img"], section')) {
    check(`a part of the page has a name: ${described(one)}`, one.hasAttribute('aria-label') || document.getElementById(one.getAttribute('aria-labelledby')) !== null);
  }
  for (const table of document.querySelectorAll('main table:not(.paper table)')) {
    check('a table has a name', table.hasAttribute('aria-label') || table.caption !== null);
    check('the columns of a table have heads', table.tHead === null || [...table.tHead.rows[0].cells].every((cell) => cell.tagName === 'TH' && cell.scope === 'col' && cell.textContent !== ''));
  }
  for (const one of document.querySelectorAll('[tabindex="0"]')) check('what takes the keyboard says what it is', one.matches('button, input') || one.hasAttribute('role'));
  for (const one of document.querySelectorAll('button:not(:disabled), select, summary, input, [tabindex="0"]')) {
    if (!one.checkVisibility()) continue;
    one.focus();
    check(`the keyboard comes to ${described(one)}`, document.activeElement === one);
    one.blur();
  }
  // Without a window nothing is drawn as focused: what would be is read from the styles.
  const rules = [...document.styleSheets[0].cssRules].filter((rule) => rule.selectorText !== undefined);
  check('the focus is seen everywhere', rules.some((rule) => rule.selectorText === ':focus-visible' && rule.cssText.includes('solid')));
  check('no style hides the focus', !rules.some((rule) => /outline(-style|-width)?: *(none|0)/.test(rule.cssText)));
}
