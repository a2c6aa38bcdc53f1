// The panels: why it is so, the fact that is looked at, and what every device has at that time.

/** So many devices are shown at once. */
const DEVICES = 12;

function showWhy() {
  const told = data.explanations[look.explanation];
  if (told === undefined) {
    replace(byId('why'), el('p', { class: 'dim' }, data.cells.length > 0 ? 'Choose a verdict or a broken rule to see what led to it.' : 'Nothing is to be explained.'));
    return;
  }
  const flags = [
    told.message !== null && `--message ${quoted(data.messages[told.message][0])}`,
    told.device !== null && `--device ${quoted(data.lanes[laneOfDevice.get(told.device)].name)}`,
  ];
  const rest = [
    told.rules.length > 0 ? el('dl', { class: 'rules' }, told.rules.map(([id, text, by]) => [
      el('dt', {}, id, by ? el('span', { class: 'bad' }, ` broken by ${by}`) : null), el('dd', {}, text),
    ])) : null,
    told.left_out > 0 ? el('p', { class: 'dim' }, `${counted(told.left_out, 'fact')} farther away are left out.`) : null,
    el('p', { class: 'dim' }, 'The same as text:'),
    el('code', { class: 'command' }, [data.explain, ...flags.filter(Boolean)].join(' ')),
  ];
  replace(byId('why'),
    el('h3', {}, told.title, told.rules.filter(([id]) => !told.title.startsWith(id)).map(([id, text, by]) => el('span', { class: by ? 'rule broken' : 'rule', title: text }, id))),
    el('p', { class: 'summary' }, told.summary, told.shown ? ` ${told.shown}` : ''),
    el('details', {}, el('summary', {}, told.rules.length > 0 ? 'Rules and command' : 'Command'), rest));
}

/** A word as a shell reads it. */
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A verdict that the page has no explanation of. */
function tellOnly([message, device, place]) {
  const verdict = data.verdicts[place];
  const names = [data.messages[message][0], data.lanes[laneOfDevice.get(device)].name];
  look.explanation = -1;
  readSlice();
  replace(byId('why'),
    el('h3', {}, `${names[0]} at ${names[1]}: ${verdict.name}`),
    el('p', {}, verdict.meaning),
    el('p', { class: 'dim' }, 'What led to it is not in this page:'),
    el('code', { class: 'command' }, `${data.explain} --message ${quoted(names[0])} --device ${quoted(names[1])}`));
  markGrid();
}

function showFact() {
  const position = look.current;
  if (NUMBER === 0) return;
  const id = facts.id[position];
  const unknown = facts.because[position].length - causes[position].length;
  const about = [
    facts.room[position] >= 0 && ['room', data.rooms[facts.room[position]]],
    facts.message[position] >= 0 && ['message', data.messages[facts.message[position]][0]],
    ['seen by', data.lanes[facts.lane[position]].name],
    facts.peer[position] >= 0 && ['about', data.lanes[facts.peer[position]].name],
    facts.user[position] >= 0 && ['user', data.users[facts.user[position]][0]],
    ['kind', data.kinds[facts.kind[position]].name],
    facts.clock[id] !== undefined && ['its clock says', time(facts.clock[id])],
  ].filter(Boolean);
  replace(byId('fact'),
    el('p', { class: 'fact-head' }, el('b', {}, `#${id}`), ` at ${time(facts.at[position])}`),
    el('p', { class: 'summary' }, facts.text[position], '.'),
    el('dl', { class: 'about' }, about.map(([key, value]) => [el('dt', {}, key), el('dd', {}, value)])),
    links('because of', causes[position], unknown),
    links('led to', effects[position], 0),
    facts.line ? el('details', {}, el('summary', {}, 'as a line of a trace'), el('code', { class: 'command' }, facts.line[position])) : null);
}

function links(title, positions, unknown) {
  if (positions.length === 0 && unknown === 0) return null;
  const shown = positions.slice(0, 12);
  const rest = positions.length - shown.length + unknown;
  return el('div', { class: 'links' }, el('h4', {}, title), el('ul', {},
    shown.map((one) => el('li', {}, el('button', { type: 'button', onclick: () => lookAt(one) },
      el('span', { class: 'when' }, `#${facts.id[one]} `), facts.text[one]))),
    rest > 0 ? el('li', { class: 'dim' }, `and ${grouped(rest)} more`) : null));
}

function showDevices() {
  if (data.changes === null || NUMBER === 0) {
    replace(byId('devices'), el('p', { class: 'dim' }, 'What devices have is not in this page.'));
    return;
  }
  const { devices, changed } = stateAt(look.current);
  const involved = new Set([facts.lane[look.current], facts.peer[look.current]]);
  for (const position of slice.keys()) involved.add(facts.lane[position]);
  const all = data.lanes.filter((lane) => lane.is === 'd' && (look.user < 0 || lane.user === look.user));
  const wanted = all.filter((lane) => involved.has(laneOfDevice.get(lane.number)));
  const shown = [...wanted, ...all.filter((lane) => !wanted.includes(lane))].slice(0, Math.max(DEVICES, Math.min(wanted.length, 24)));
  replace(byId('devices'),
    el('p', { class: 'dim' }, `at ${time(facts.at[look.current])}, after fact #${facts.id[look.current]}`),
    shown.map((lane) => card(lane, devices.get(lane.number), changed, involved)),
    all.length > shown.length ? el('p', { class: 'dim' }, `${counted(all.length - shown.length, 'device')} more: choose a user above`) : null);
}

function card(lane, parts, changed, involved) {
  const rows = (parts ?? []).flatMap((part, slot) => {
    if (slot === 0 || part.size === 0) return [];
    const entries = [...part].slice(-8);
    return [el('dt', {}, data.slots[slot]), el('dd', {}, el('ul', {},
      part.size > entries.length ? el('li', { class: 'dim' }, `${grouped(part.size - entries.length)} earlier`) : null,
      entries.map(([key, value]) => el('li', { class: changed.has(`${lane.number} ${slot} ${key}`) ? 'new' : null }, el('b', {}, key), ` ${value}`))))];
  });
  const life = parts?.[0]?.get('state') ?? 'not there yet';
  return el('details', { class: 'card', open: involved.has(laneOfDevice.get(lane.number)) },
    el('summary', {}, el('b', {}, lane.name), el('span', { class: 'dim' }, ` ${data.users[lane.user][0]}`),
      el('span', { class: /running/.test(life) ? 'life' : 'life off' }, life)),
    rows.length > 0 ? el('dl', {}, rows) : el('p', { class: 'dim' }, 'nothing yet'));
}

/** The facts as a table, a part of them at a time. */
const PART = 200;
let part = 0;

function showTable() {
  const all = diagram.shown;
  part = Math.max(0, Math.min(part, Math.floor((all.length - 1) / PART)));
  const some = all.slice(part * PART, (part + 1) * PART);
  const turn = (by, name) => el('button', { type: 'button', disabled: part + by < 0 || (part + by) * PART >= all.length, onclick: () => { part += by; showTable(); } }, name);
  replace(byId('table'),
    el('table', { class: 'facts' },
      el('caption', {}, all.length > PART ? `Facts ${grouped(part * PART + 1)} to ${grouped(part * PART + some.length)} of ${grouped(all.length)} ` : counted(all.length, 'fact'),
        all.length > PART ? [turn(-1, 'before'), turn(1, 'after')] : null),
      el('thead', {}, el('tr', {}, ['#', 'time', 'seen by', 'what happened', 'because of'].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, some.map((position) => el('tr', { class: position === look.current ? 'is-current' : slice.get(position)?.witness ? 'is-witness' : null },
        el('td', {}, el('button', { type: 'button', onclick: () => lookAt(position) }, `#${facts.id[position]}`)),
        el('td', { class: 'when' }, time(facts.at[position])),
        el('td', {}, data.lanes[facts.lane[position]].name),
        el('td', {}, facts.text[position]),
        el('td', { class: 'when' }, facts.because[position].map((id) => `#${id}`).join(' ')))))));
}
