// The diagram: a row of text for each fact, and beside it a mark on its lane and an arrow from where it came.
// Only what is in view is drawn, whatever the number of facts: the stage stays where it is and the field scrolls below it.

const HEAD = 58;
const OVERSCAN = 6;
/** The field is never higher: browsers cannot scroll much farther. */
const HIGHEST = 8000000;

const diagram = { shown: [], rows: new Map(), lanes: [], groups: [], place: new Map(), ys: null, row: 40, height: 0, text: 400, lane: 80, long: [], talls: null };
const scroll = byId('scroll');
const stage = byId('stage');
const field = byId('field');

/** Works out where everything stands; `paint` draws what is in view of it. */
function layOut(shown) {
  takeLanes(shown);
  diagram.talls = null;
  diagram.row = shown.length > 400 ? 24 : 35;
  const width = scroll.clientWidth;
  const wanted = Math.max(1, diagram.lanes.length) * 112 + 40;
  diagram.text = Math.round(Math.max(Math.min(350, width * 0.6), Math.min(500, width - wanted)));
  const free = width - diagram.text - 40;
  // Names that begin alike are told apart by their ends: a lane has room for the longest, within reason.
  const longest = Math.max(0, ...diagram.lanes.map((lane) => (data.lanes[lane].is === 'w' ? 0 : data.lanes[lane].name.length)));
  const least = Math.max(58, Math.min(108, 16 + longest * 7.6));
  diagram.lane = Math.max(least, Math.min(170, free / Math.max(1, diagram.lanes.length)));
  findGroups();
  measure();
  findLong();
  field.style.height = `${diagram.height + HEAD + 24}px`;
  field.style.width = `${Math.max(width, diagram.text + 40 + diagram.lane * diagram.lanes.length)}px`;
}

/** The rows and the lanes of the facts that are shown. */
function takeLanes(shown) {
  diagram.shown = shown;
  diagram.rows = new Map(shown.map((position, row) => [position, row]));
  const used = new Set(shown.map((position) => facts.lane[position]));
  diagram.lanes = [...data.lanes.keys()].filter((lane) => used.has(lane));
  diagram.place = new Map(diagram.lanes.map((lane, place) => [lane, place]));
}

/** Lanes side by side that belong together: what they are called, where they begin, how many there are. */
function findGroups() {
  diagram.groups = [];
  diagram.lanes.forEach((lane, place) => {
    const group = groupOf(data.lanes[lane]);
    const last = diagram.groups[diagram.groups.length - 1];
    if (last !== undefined && last[0] === group) last[2] += 1;
    else diagram.groups.push([group, place, 1]);
  });
}

/** The height of each row: evenly spaced, or by time. */
function measure() {
  const { shown, row } = diagram;
  diagram.ys = new Float64Array(shown.length);
  if (look.spacing === 'even' || shown.length === 0) {
    shown.forEach((_, place) => { diagram.ys[place] = place * row + row / 2; });
    diagram.height = shown.length * row;
    return;
  }
  const first = facts.at[shown[0]];
  const span = Math.max(1, facts.at[shown[shown.length - 1]] - first);
  const fit = Math.max(200, scroll.clientHeight - HEAD - 48);
  // From all of it in one view to a hundred pixels a millisecond, in equal steps of zoom.
  const most = Math.max(fit, Math.min(HIGHEST, span * 100));
  diagram.height = fit * (most / fit) ** (look.zoom / 100);
  shown.forEach((position, place) => { diagram.ys[place] = 12 + ((facts.at[position] - first) / span) * (diagram.height - 24); });
}

/** Arrows that are so long that neither end need be in view. */
function findLong() {
  diagram.long = [];
  diagram.shown.forEach((position, row) => {
    const from = sourceOf(position);
    if (from >= 0 && row - diagram.rows.get(from) > 40) diagram.long.push(position);
  });
}

/** The fact that the arrow to this one comes from: the nearest of its causes on another lane that is shown; -1 if there is none. */
function sourceOf(position) {
  const all = look.scope === 'slice' ? slice.get(position)?.causes ?? [] : causes[position];
  let best = -1;
  for (const cause of all) {
    if (facts.lane[cause] === facts.lane[position] || !diagram.rows.has(cause)) continue;
    const isWorld = data.lanes[facts.lane[cause]].is === 'w';
    const wasWorld = best >= 0 && data.lanes[facts.lane[best]].is === 'w';
    if (best < 0 || (wasWorld && !isWorld) || (wasWorld === isWorld && cause > best)) best = cause;
  }
  return best;
}

/**
 * Where the reader has scrolled to, and how high the names above the lanes are. It is read once for each picture: every reading
 * of it makes the browser lay out anew. On paper it is the part that is drawn next.
 */
const view = { left: 0, top: 0, width: 0, height: 0, head: HEAD };
function readView() {
  view.left = scroll.scrollLeft;
  view.top = scroll.scrollTop;
  view.width = scroll.clientWidth;
  view.height = scroll.clientHeight;
  view.head = HEAD;
}

/** The lanes in view, from left to right. */
function lanesInView() {
  const left = Math.floor((view.left - 20) / diagram.lane) - 1;
  const right = Math.ceil((view.left + view.width - diagram.text) / diagram.lane) + 1;
  return diagram.lanes.slice(Math.max(0, left), Math.max(0, right));
}

const xOf = (lane) => diagram.text + 20 + (diagram.place.get(lane) + 0.5) * diagram.lane - view.left;
const yOf = (row) => diagram.ys[row] + view.head - view.top;

/** The rows in view, with some above and below. */
function inView() {
  const top = view.top - HEAD;
  const bottom = view.top + view.height;
  const find = (y) => {
    let low = 0;
    let high = diagram.ys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (diagram.ys[middle] < y) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [Math.max(0, find(top) - OVERSCAN), Math.min(diagram.shown.length, find(bottom) + OVERSCAN)];
}

let pending = false;
function paintSoon() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; paint(); });
}

function paint() {
  readView();
  const { width, height } = view;
  stage.style.width = `${width}px`;
  stage.style.height = `${height}px`;
  const [from, to] = inView();
  const picture = svg('svg', { width, height, 'aria-hidden': 'true', class: 'picture' });
  picture.append(clipping());
  labels.length = 0;
  picture.append(bands(height), ...rowsOfLight(from, to, width), windows(height), laneLines(height));
  const arrows = svg('g', { 'clip-path': 'url(#lanes-only)' });
  const drawn = new Set();
  for (let row = from; row < to; row += 1) {
    arrow(arrows, diagram.shown[row]);
    drawn.add(diagram.shown[row]);
  }
  for (const position of diagram.long) {
    if (drawn.has(position)) continue;
    const start = diagram.ys[diagram.rows.get(sourceOf(position))];
    const end = diagram.ys[diagram.rows.get(position)];
    const top = view.top;
    if (start < top + height && end > top) arrow(arrows, position);
  }
  threads(arrows);
  for (let row = from; row < to; row += 1) mark(arrows, row);
  picture.append(arrows, ...heads(width));
  const rows = textRows(from, to);
  replace(stage, rows, picture, el('div', { class: 'corner', style: `width:${diagram.text}px;height:${HEAD}px` },
    el('span', { class: 'when' }, 'time'), el('span', {}, 'what happened')));
  scroll.setAttribute('aria-activedescendant', `fact-${look.current}`);
}

/** The heads of arrows and the hatching of faults, which all pictures of the page use. */
function signs() {
  const heads = [['request', 'M0 0 8 4 0 8'], ['device', 'M0 4 5 0 10 4 5 8Z'], ['room', 'M0 0 9 4 0 8Z'], ['deed', 'M0 0 8 4 0 8']];
  return svg('defs', {},
    heads.map(([name, shape]) => svg('marker', { id: `head-${name}`, viewBox: '-1 -1 12 10', refX: name === 'device' ? 10 : 8, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto', class: `arrow ${name}` },
      svg('path', { d: shape, class: name === 'device' || name === 'room' ? 'solid' : 'open' }))),
    svg('pattern', { id: 'hatch', width: 8, height: 8, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { width: 8, height: 8, class: 'fault-ground' }), svg('path', { d: 'M0 0V8', class: 'fault-line' })));
}

function clipping() {
  return svg('defs', {}, svg('clipPath', { id: 'lanes-only' }, svg('rect', { x: diagram.text, y: view.head, width: 100000, height: 100000 })));
}

/** A light ground for every other server, so that its devices are seen to belong together. */
function bands(height) {
  const group = svg('g', { 'clip-path': 'url(#lanes-only)' });
  for (const lane of lanesInView()) {
    const of = data.lanes[lane];
    if (of.server >= 0 && of.server % 2 === 0) {
      group.append(svg('rect', { x: xOf(lane) - diagram.lane / 2, y: view.head, width: diagram.lane, height, class: 'band' }));
    }
  }
  return group;
}

/** How tall a row is: on paper as tall as its text, on the screen like all others. */
const tallOf = (row) => diagram.talls?.[row] ?? diagram.row;

/** Where a time stands between the rows. */
function yOfTime(ms) {
  const { shown, ys } = diagram;
  if (shown.length === 0) return 0;
  if (look.spacing === 'scale') {
    const first = facts.at[shown[0]];
    const span = Math.max(1, facts.at[shown[shown.length - 1]] - first);
    return 12 + ((ms - first) / span) * (diagram.height - 24);
  }
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (facts.at[shown[middle]] < ms) low = middle + 1;
    else high = middle;
  }
  return low < shown.length ? ys[low] - tallOf(low) / 2 : ys[shown.length - 1] + tallOf(shown.length - 1) / 2;
}

/** The windows of faults, on the lanes that feel them. */
function windows(height) {
  const group = svg('g', { 'clip-path': 'url(#lanes-only)' });
  const names = new Map();
  const lastTime = facts.at[diagram.shown[diagram.shown.length - 1]] ?? -1;
  const firstTime = facts.at[diagram.shown[0]] ?? 0;
  for (const fault of data.faults) {
    if (fault.from > lastTime || (fault.until !== null && fault.until < firstTime)) continue;
    const start = yOfTime(fault.from) + view.head - view.top;
    const stop = fault.until === null ? diagram.height + view.head + 24 - view.top : yOfTime(fault.until) + view.head - view.top;
    // On paper a window goes on from part to part: no edge between them, and its name where it begins.
    const out = view.head === 0 ? 8 : 0;
    const top = Math.max(view.head - out, start);
    const bottom = Math.min(height + out, Math.max(stop, start + 4));
    if (bottom <= top) continue;
    // What all may feel is one window over all lanes.
    const isWide = fault.lanes.length === 0;
    const lanes = (isWide ? diagram.lanes.slice(0, 1) : fault.lanes).filter((one) => diagram.place.has(one));
    for (const lane of lanes) {
      const x = xOf(lane) - diagram.lane / 2 + 3;
      const width = (isWide ? diagram.lanes.length : 1) * diagram.lane - 6;
      group.append(svg('rect', { x, y: top, width, height: bottom - top, rx: 4, fill: 'url(#hatch)', class: 'fault' }));
      if (start < view.head - 1 && out > 0) continue;
      // Labels of several faults on one lane stand one below the other.
      const below = names.get(lane) ?? 0;
      names.set(lane, below + 1);
      const label = cut(fault.name.replace(/^fault \d+ \((.*)\)$/, '$1').replaceAll('_', ' '), width - 4);
      group.append(svg('text', { x: x + 5, y: top + 13 + below * 13, class: 'fault-name' }, svg('title', {}, fault.name), label));
    }
  }
  return group;
}

function rowsOfLight(from, to, width) {
  const found = [];
  const row = diagram.rows.get(look.current);
  if (row !== undefined && row >= from && row < to) {
    const tall = look.spacing === 'even' ? diagram.row : 22;
    found.push(svg('rect', { x: 0, y: yOf(row) - tall / 2, width, height: tall, class: 'current' }));
  }
  return found;
}

function laneLines(height) {
  const group = svg('g', { 'clip-path': 'url(#lanes-only)' });
  const bottom = Math.min(height, diagram.height + view.head + 12 - view.top);
  for (const lane of lanesInView()) {
    group.append(svg('path', { d: `M${xOf(lane)} ${view.head}V${bottom}`, class: `line ${data.lanes[lane].is}` }));
  }
  return group;
}

/** Where labels have been drawn: middle and half of the width. */
const labels = [];
const CARRIERS = ['request', 'device', 'room'];

/** The arrow to a fact. A message that waits is drawn down the lane on which it waits. */
function arrow(group, position) {
  const source = sourceOf(position);
  if (source < 0) return;
  const isDeed = data.lanes[facts.lane[source]].is === 'w';
  const kind = isDeed ? 'deed' : CARRIERS[carrierOf(position)];
  const isLit = slice.size === 0 || look.scope === 'slice' || (slice.has(position) && slice.has(source));
  const x1 = xOf(facts.lane[source]);
  const y1 = yOf(diagram.rows.get(source));
  const x2 = xOf(facts.lane[position]);
  const y2 = yOf(diagram.rows.get(position));
  const away = Math.sign(x2 - x1);
  const end = x2 - away * 7;
  const side = x1 + away * (2 + CARRIERS.indexOf(kind) * 2);
  const bend = Math.min(10, Math.abs(y2 - y1) / 2, Math.abs(end - side));
  const path = look.spacing === 'scale' || y2 - y1 < 2
    ? `M${x1} ${y1}L${end} ${y2}`
    : `M${side} ${y1}V${y2 - bend}Q${side} ${y2} ${side + away * bend} ${y2}H${end}`;
  group.append(svg('path', { d: path, class: `arrow ${kind}${isLit ? '' : ' faint'}`, 'marker-end': `url(#head-${kind})` }));
  const room = Math.abs(x2 - x1) - 26;
  if (isDeed || room < 30 || !isLit) return;
  const label = cut(tagOf(position), room);
  const middle = look.spacing === 'scale' ? [(x1 + x2) / 2, (y1 + y2) / 2 - 4] : [(x1 + x2) / 2, y2 - 5];
  // A label that would lie on another one is left to the title of the mark.
  const half = label.length * 3.2;
  if (labels.some(([x, y, wide]) => Math.abs(y - middle[1]) < 12 && Math.abs(x - middle[0]) < wide + half)) return;
  labels.push([...middle, half]);
  group.append(svg('text', { x: middle[0], y: middle[1], class: `arrow-name ${kind}` }, label));
}

/** Lines from the causes of the fact that is looked at, and to its effects. */
function threads(group) {
  const row = diagram.rows.get(look.current);
  if (row === undefined) return;
  const thread = (from, to) => {
    const [a, b] = [diagram.rows.get(from), diagram.rows.get(to)];
    if (a === undefined || b === undefined) return;
    const [x1, y1, x2, y2] = [xOf(facts.lane[from]), yOf(a), xOf(facts.lane[to]), yOf(b)];
    const out = x1 === x2 ? Math.min(26, diagram.lane / 3) : 0;
    group.append(svg('path', { d: `M${x1} ${y1}C${x1 + out} ${y1 + (y2 - y1) / 3} ${x2 + out} ${y2 - (y2 - y1) / 3} ${x2} ${y2}`, class: 'thread' }));
  };
  const before = look.scope === 'slice' ? slice.get(look.current)?.causes ?? [] : causes[look.current];
  before.forEach((cause) => thread(cause, look.current));
  const after = look.scope === 'slice'
    ? [...slice].filter(([, link]) => link.causes.includes(look.current)).map(([position]) => position)
    : effects[look.current].slice(0, 100);
  after.forEach((effect) => thread(look.current, effect));
}

/** The mark of a fact: its shape tells what observed it, a ring that the verdict rests on it. */
function mark(group, row) {
  const position = diagram.shown[row];
  const lane = data.lanes[facts.lane[position]];
  const [x, y] = [xOf(facts.lane[position]), yOf(row)];
  const isLit = slice.size === 0 || slice.has(position);
  const classes = `mark t${topicOf(position)}${isLit ? '' : ' faint'}${position === look.current ? ' chosen' : ''}`;
  const title = svg('title', {}, `${time(facts.at[position])}  ${facts.text[position]}`);
  const choose = { class: classes, onclick: () => lookAt(position) };
  if (slice.get(position)?.witness) group.append(svg('circle', { cx: x, cy: y, r: 9.5, class: 'witness' }));
  if (lane.is === 's') group.append(svg('rect', { x: x - 4.5, y: y - 4.5, width: 9, height: 9, rx: 1.5, ...choose }, title));
  else if (lane.is === 'w') group.append(svg('path', { d: `M${x} ${y - 6}l6 6-6 6-6-6z`, ...choose }, title));
  else group.append(svg('circle', { cx: x, cy: y, r: 5, ...choose }, title));
}

/** The names above the lanes: the device, and above it its user. */
function heads(width) {
  const found = [svg('rect', { x: diagram.text, y: 0, width, height: HEAD, class: 'head-ground' })];
  const inView = lanesInView();
  for (const [group, first, same] of diagram.groups) {
    if (inView.some((lane) => diagram.place.get(lane) >= first && diagram.place.get(lane) < first + same)) {
      const of = data.lanes[diagram.lanes[first]];
      const x = xOf(diagram.lanes[first]);
      found.push(svg('text', { x: x - diagram.lane / 2 + 6, y: 20, class: `group ${of.is}` }, svg('title', {}, group), cut(group, same * diagram.lane - 12)));
      found.push(svg('path', { d: `M${x - diagram.lane / 2 + 6} 26H${x - diagram.lane / 2 + same * diagram.lane - 6}`, class: 'group-line' }));
    }
  }
  for (const lane of inView) {
    const of = data.lanes[lane];
    const x = xOf(lane);
    found.push(svg('text', { x, y: 45, class: `lane-name ${of.is}` }, svg('title', {}, of.name), cut(nameAbove(of), (diagram.lane - 8) * 0.84)));
  }
  found.push(svg('path', { d: `M0 ${HEAD - 0.5}H${width}`, class: 'head-line' }));
  return [svg('clipPath', { id: 'heads-only' }, svg('rect', { x: diagram.text, y: 0, width, height: HEAD })), svg('g', { 'clip-path': 'url(#heads-only)' }, found)];
}

const nameAbove = (lane) => (lane.is === 'w' ? 'users, faults' : lane.name);

function groupOf(lane) {
  if (lane.is === 'w') return 'world';
  if (lane.is === 's') return 'server';
  const server = data.servers.length > 1 ? ` at ${data.servers[lane.server]}` : '';
  return data.users[lane.user][0] + server;
}

/** As much of a text as fits into so many pixels. */
function cut(text, width) {
  const letters = Math.max(1, Math.floor(width / 6.3));
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`;
}

/** The sentences, as options of a list: this is what a screen reader reads. */
function textRows(from, to) {
  const rows = [];
  let free = -Infinity;
  let before = from > 0 ? facts.at[diagram.shown[from - 1]] : -1;
  for (let row = from; row < to; row += 1) {
    const position = diagram.shown[row];
    const y = yOf(row);
    const isCurrent = position === look.current;
    // To scale, rows would lie on each other: what has no place is left to the marks.
    if (look.spacing === 'scale' && y < free && !isCurrent) continue;
    free = y + 20;
    const isLit = slice.size === 0 || slice.has(position);
    const classes = ['row', isCurrent ? 'is-current' : '', isLit ? '' : 'faint', slice.get(position)?.witness ? 'is-witness' : ''].join(' ');
    const tall = look.spacing === 'even' ? diagram.row : 20;
    rows.push(el('div', {
      id: `fact-${position}`, role: 'option', class: classes,
      'aria-selected': String(isCurrent), 'aria-setsize': diagram.shown.length, 'aria-posinset': row + 1,
      style: `top:${y - tall / 2}px;height:${tall}px;width:${diagram.text}px`,
      title: facts.text[position], onclick: () => lookAt(position),
    },
    el('span', { class: facts.at[position] === before ? 'when same' : 'when' }, time(facts.at[position])),
    el('span', { class: tall > 30 ? 'what two' : 'what' }, facts.text[position])));
    before = facts.at[position];
  }
  return rows;
}

/** Scrolls so that a fact is in view. */
function reveal(position) {
  const row = diagram.rows.get(position);
  if (row === undefined) return;
  const y = diagram.ys[row];
  const room = scroll.clientHeight - HEAD;
  if (y < scroll.scrollTop + 30) scroll.scrollTop = Math.max(0, y - 60);
  else if (y > scroll.scrollTop + room - 50) scroll.scrollTop = y - room + 80;
  const x = diagram.text + 20 + (diagram.place.get(facts.lane[position]) + 0.5) * diagram.lane;
  if (x - scroll.scrollLeft > scroll.clientWidth - 20 || x - scroll.scrollLeft < diagram.text + 10) scroll.scrollLeft = x - scroll.clientWidth + 80;
}
