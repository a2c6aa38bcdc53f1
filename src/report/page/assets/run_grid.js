// The verdicts: a row for each message and a column for each device, or the other way round where that is narrower.
// Of many equal lines one stands for all.

const SIGNS = { ok: '✓', explained: 'i', excused: '–', pending: '…', gap: '?', fault: '✕' };
const CLASS_NAMES = {
  ok: 'delivered',
  explained: 'not delivered, and explained',
  excused: 'not delivered, as nobody need have',
  pending: 'not decided when the run ended',
  gap: 'not explained, as the specification has it',
  fault: 'somebody is at fault',
};
/** More cells than this are put together where they are equal, and no more than this are shown. */
const CELLS = 1500;

const cellOf = new Map(data.cells.map((cell) => [`${cell[0]} ${cell[1]}`, cell]));

/** The devices and the messages of the table, equal neighbours put together where there are too many. */
function axes() {
  const used = (index) => [...new Set(data.cells.map((cell) => cell[index]))];
  let messages = used(0).sort((a, b) => a - b).map((one) => [one]);
  let devices = used(1).sort((a, b) => laneOfDevice.get(a) - laneOfDevice.get(b)).map((one) => [one]);
  if (messages.length * devices.length > CELLS) {
    const verdict = (message, device) => cellOf.get(`${message} ${device}`)?.[2] ?? -1;
    devices = merged(devices, (device) => messages.map(([message]) => verdict(message, device)).join());
    messages = merged(messages, (message) => devices.map(([device]) => verdict(message, device)).join());
  }
  return { messages, devices };
}

/** Groups of members whose patterns are equal. */
function merged(groups, pattern) {
  const known = new Map();
  for (const [first, ...rest] of groups) {
    const key = pattern(first);
    if (known.has(key)) known.get(key).push(first, ...rest);
    else known.set(key, [first, ...rest]);
  }
  return [...known.values()];
}

const more = (group) => (group.length > 1 ? ` +${grouped(group.length - 1)}` : '');

function showGrid() {
  const { messages, devices } = axes();
  const device = (group) => data.lanes[laneOfDevice.get(group[0])].name + more(group);
  const message = (group) => data.messages[group[0]][0] + more(group);
  const isTurned = devices.length > messages.length;
  const [rows, columns] = isTurned ? [devices, messages] : [messages, devices];
  const rowName = isTurned ? device : message;
  const columnName = isTurned ? message : device;
  if (data.cells.length === 0) {
    replace(byId('grid'), el('p', { class: 'dim' }, 'No message was accepted.'));
    return;
  }
  const kept = rows.slice(0, Math.max(1, Math.floor(CELLS / Math.max(1, columns.length))));
  const table = el('table', { role: 'grid', 'aria-label': 'Verdicts of messages at devices' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, isTurned ? 'device' : 'message'),
      columns.map((column) => el('th', { scope: 'col', title: columnName(column) }, el('span', {}, columnName(column)))))),
    el('tbody', {}, kept.map((row) => el('tr', {},
      el('th', { scope: 'row', title: rowName(row) }, rowName(row)),
      columns.map((column) => cell(isTurned ? column : row, isTurned ? row : column))))));
  const dropped = rows.length - kept.length;
  replace(byId('grid'), table,
    dropped > 0 ? el('p', { class: 'dim' }, `${counted(dropped, 'row')} more`) : null,
    data.cells_left_out > 0 ? el('p', { class: 'dim' }, `${counted(data.cells_left_out, 'verdict')} more`) : null);
  table.querySelector('button')?.setAttribute('tabindex', '0');
  table.addEventListener('keydown', moveInGrid);
  const classes = Object.keys(SIGNS).filter((one) => data.verdicts.some((verdict) => verdict.class === one));
  replace(byId('legend'), classes.map((one) => el('li', {}, el('span', { class: `sign ${one}` }, SIGNS[one]), CLASS_NAMES[one])));
}

function cell([message], [device]) {
  const found = cellOf.get(`${message} ${device}`);
  const names = `${data.messages[message][0]} at ${data.lanes[laneOfDevice.get(device)].name}`;
  if (found === undefined) {
    const isSender = data.messages[message][1] === laneOfDevice.get(device);
    return el('td', { class: 'none', title: isSender ? `${names}: sent it` : names },
      isSender ? [el('span', { 'aria-hidden': 'true' }, '→'), el('span', { class: 'unseen' }, 'sent it')] : null);
  }
  const verdict = data.verdicts[found[2]];
  return el('td', {}, el('button', {
    type: 'button', class: `sign ${verdict.class}`, tabindex: -1, 'data-cell': `${message} ${device}`, 'data-explanation': found[3],
    'aria-label': `${names}: ${verdict.name}`, 'aria-pressed': 'false', title: `${names}: ${verdict.name}\n${verdict.meaning}`,
    onclick: () => explainCell(found),
  }, SIGNS[verdict.class]));
}

/** Arrow keys go from cell to cell; one cell is in the order of tabs. */
function moveInGrid(event) {
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const step = steps[event.key];
  const here = event.target.closest('td');
  if (step === undefined || here === null) return;
  event.preventDefault();
  let row = here.parentElement;
  let column = here.cellIndex;
  for (;;) {
    if (step[0] < 0) row = row.previousElementSibling;
    if (step[0] > 0) row = row.nextElementSibling;
    column += step[1];
    const button = row?.cells[column]?.querySelector('button');
    if (row === null || row.cells[column] === undefined || column === 0) return;
    if (button) {
      event.target.setAttribute('tabindex', '-1');
      button.setAttribute('tabindex', '0');
      button.focus();
      return;
    }
  }
}

function markGrid() {
  const buttons = [...byId('grid').querySelectorAll('button')];
  const isChosen = (button) => Number(button.dataset.explanation) === look.explanation && look.explanation >= 0;
  const chosen = buttons.find(isChosen);
  for (const button of buttons) {
    button.setAttribute('aria-pressed', String(isChosen(button)));
    // Who comes to the table by the keyboard comes to what is chosen.
    if (chosen !== undefined) button.setAttribute('tabindex', button === chosen ? '0' : '-1');
  }
  for (const button of document.querySelectorAll('.list button')) {
    button.setAttribute('aria-pressed', String(Number(button.dataset.explanation) === look.explanation && look.explanation >= 0));
  }
}

function explainCell(found) {
  if (found[3] >= 0) explain(found[3]);
  else tellOnly(found);
}

/** The lists below the verdicts. */
function showLists() {
  byId('broken-section').hidden = data.broken.length === 0;
  byId('unsent-section').hidden = data.unsent.length === 0;
  replace(byId('broken'), data.broken.map((one) => item(one.explanation, [
    el('b', { class: one.injected_by || one.severity === 'warning' ? 'noted' : 'bad' }, one.rule),
    ` by ${one.party}`,
    one.severity === 'warning' ? el('span', { class: 'dim' }, ', a warning') : null,
    one.injected_by ? el('span', { class: 'dim' }, `, injected by ${one.injected_by}`) : null,
    one.message !== null && one.device !== null
      ? el('span', { class: 'dim' }, `, ${data.messages[one.message][0]} at ${data.lanes[laneOfDevice.get(one.device)].name}`) : null,
  ], one.text)), data.broken_left_out > 0 ? el('li', { class: 'dim' }, `${grouped(data.broken_left_out)} more`) : null);
  replace(byId('unsent'), data.unsent.map((one) => item(one.explanation, [data.messages[one.message][0]], '')));
}

function item(explanation, content, title) {
  return el('li', {}, el('button', {
    type: 'button', title, disabled: explanation < 0, 'data-explanation': explanation, 'aria-pressed': 'false', onclick: () => explain(explanation),
  }, content));
}
