// What all pages share: making elements, times in words, colours by choice of the reader.
// Text from data becomes text nodes only; the policy in the head of the page forbids anything else.

const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);

/** An element: attributes, `on…` listeners, then children, which are elements or text. */
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children.flat(2)) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
  return element;
}

function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(2).filter((one) => one !== null && one !== undefined && one !== false));
}

/** 3,661,000 as `1h1m1s`, in the way of the program. */
function time(ms) {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const [unit, size] of [['d', 86400000], ['h', 3600000], ['m', 60000], ['s', 1000], ['ms', 1]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += count + unit;
  }
  return text;
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;

/** What stands behind `#` in the address, as pairs: `#explanation=2&theme=dark`. */
const wishes = new URLSearchParams(location.hash.slice(1));

/** The switch between light and dark. Until it is used, the page follows the system. */
function themeSwitch(button) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const show = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
  };
  if (wishes.has('theme')) document.documentElement.dataset.theme = wishes.get('theme') === 'dark' ? 'dark' : 'light';
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    show();
  });
  system.addEventListener('change', show);
  show();
}

/** A name that may go on in the next line after the parts that it is made of. */
const breakable = (name) => name.split(/(?<=[_=/-])/).flatMap((part, place) => (place > 0 ? [el('wbr'), part] : [part]));

/** Opens all that is closed, for paper; what it returns closes it again. */
function openAll(selector) {
  const closed = [...document.querySelectorAll(selector)].filter((one) => !one.open);
  closed.forEach((one) => { one.open = true; });
  return () => closed.forEach((one) => { one.open = false; });
}

/** Makes a table so much smaller that no sheet of paper cuts it off; after printing it is as it was. */
function fitOnPaper(table, width = 690) {
  if (table === null) return;
  // The styles of paper are not in force yet, and those that make a table narrow are needed to measure it.
  table.classList.add('on-paper');
  if (table.offsetWidth > width) table.style.zoom = String(width / table.offsetWidth);
  addEventListener('afterprint', () => {
    table.style.zoom = '';
    table.classList.remove('on-paper');
  }, { once: true });
}

// Errors are kept so that a page can tell that something went wrong.
const errors = [];
addEventListener('error', (event) => errors.push(event.message));
addEventListener('securitypolicyviolation', (event) => errors.push('policy: ' + event.violatedDirective));
