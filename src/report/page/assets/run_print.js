// The picture on paper. It is drawn anew when the page is printed: all of it instead of what is in view, no choices around it, the
// names of the lanes on every sheet. As text and lines it is one picture, so that it fits paper of any width.

/** Sizes of the picture; the paper makes all of it smaller or larger. */
const PAPER = { text: 350, time: 78, letter: 6.7, line: 16, lane: [66, 124] };
/** Wider pictures lie across, and still wider ones would not be readable: then facts are told as a table. */
const UPRIGHT = 1000;
const WIDEST = 1700;
/** More facts than this nobody prints; what is left out is said. */
const PRINTED = 400;
/** So many rows stay together on a sheet. */
const TOGETHER = 3;

/** A text in lines of so many letters. */
function wrapped(text, letters) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + 1 + word.length > letters) lines.push('');
    else if (last !== '') lines[lines.length - 1] += ' ';
    lines[lines.length - 1] += word;
    while (lines[lines.length - 1].length > letters) {
      const long = lines.pop();
      lines.push(long.slice(0, letters), long.slice(letters));
    }
  }
  return lines;
}

/** Places rows and lanes for paper; the texts of the rows in lines. */
function layOutOnPaper(shown) {
  takeLanes(shown);
  findGroups();
  diagram.text = PAPER.text;
  const letters = Math.floor((PAPER.text - PAPER.time - 30) / PAPER.letter);
  const texts = shown.map((position) => wrapped(facts.text[position], letters));
  const names = diagram.lanes.map((lane) => nameAbove(data.lanes[lane])).concat(diagram.groups.filter(([, , same]) => same === 1).map(([name]) => name));
  const longest = Math.max(0, ...names.map((name) => name.length));
  diagram.lane = Math.max(PAPER.lane[0], Math.min(PAPER.lane[1], 14 + longest * 7.6));
  diagram.talls = texts.map((lines) => Math.max(2, lines.length) * PAPER.line + 3);
  diagram.ys = new Float64Array(shown.length);
  let y = 0;
  diagram.talls.forEach((tall, row) => { diagram.ys[row] = y + tall / 2; y += tall; });
  diagram.height = y;
  return { texts, width: diagram.text + 40 + diagram.lane * diagram.lanes.length };
}

/** The names of the lanes, which the browser puts on every sheet. */
function headOnPaper(width) {
  Object.assign(view, { left: 0, top: 0, width, height: HEAD, head: HEAD });
  return svg('svg', { viewBox: `0 0 ${width} ${HEAD}`, 'aria-hidden': 'true' }, heads(width),
    svg('text', { x: PAPER.time, y: 45, class: 'paper-time' }, 'time'), svg('text', { x: PAPER.time + 10, y: 45, class: 'paper-head' }, 'what happened'));
}

/** Some rows with all that passes them. */
function rowsOnPaper(from, to, { texts, width }) {
  const top = diagram.ys[from] - diagram.talls[from] / 2;
  const height = diagram.ys[to - 1] + diagram.talls[to - 1] / 2 - top;
  Object.assign(view, { left: 0, top, width, height, head: 0 });
  labels.length = 0;
  const arrows = svg('g', {});
  diagram.shown.forEach((position, row) => {
    const source = sourceOf(position);
    if (source < 0 || row < from || diagram.rows.get(source) >= to) return;
    arrow(arrows, position);
  });
  for (let row = from; row < to; row += 1) mark(arrows, row);
  const rows = diagram.shown.slice(from, to).map((position, at) => {
    const lines = texts[from + at];
    const first = yOf(from + at) - ((lines.length - 1) * PAPER.line) / 2 + 4.5;
    return [
      svg('text', { x: PAPER.time, y: first, class: 'paper-time' }, time(facts.at[position])),
      svg('text', { class: slice.get(position)?.witness ? 'paper-text is-witness' : 'paper-text' },
        lines.map((line, number) => svg('tspan', { x: PAPER.time + 10, y: first + number * PAPER.line }, line))),
    ];
  });
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': diagram.shown.slice(from, to).map((position) => facts.text[position]).join('. ') },
    bands(height), windows(height), laneLines(height), arrows, rows.flat());
}

/** What is printed of the facts that are shown; `null` where a table tells them better. */
function onPaper(all) {
  const shown = all.slice(0, PRINTED);
  const placed = layOutOnPaper(shown);
  if (shown.length === 0 || placed.width > WIDEST) return null;
  const body = [];
  for (let from = 0; from < shown.length; from += TOGETHER) {
    body.push(el('tr', {}, el('td', {}, rowsOnPaper(from, Math.min(shown.length, from + TOGETHER), placed))));
  }
  const rest = all.length - shown.length;
  const hidden = NUMBER - all.length;
  return [
    el('p', { class: 'dim' }, look.scope === 'slice' ? 'What led there, ' : '', counted(shown.length, 'fact'), ' in the order of time, evenly spaced',
      rest > 0 ? `; ${grouped(rest)} later ones are not printed` : '', hidden > 0 ? `; ${grouped(hidden)} others of this page are not chosen` : '', '.'),
    el('ul', { class: 'key' }, [...byId('key').children].map((one) => one.cloneNode(true))),
    el('table', { class: placed.width > UPRIGHT ? 'across' : null },
      el('thead', {}, el('tr', {}, el('th', {}, headOnPaper(placed.width)))), el('tbody', {}, body)),
  ];
}

/** Puts the picture in the place of the diagram until it is printed. */
function toPaper() {
  const before = { ...look };
  const wasOpen = openAll('#why details');
  let picture = null;
  if (look.view === 'diagram') {
    stage.replaceChildren();
    Object.assign(look, { spacing: 'even', current: -1 });
    picture = onPaper(visible());
    Object.assign(look, before);
  }
  replace(byId('paper'), picture ?? []);
  if (picture === null) {
    look.view = 'table';
    show();
  }
  fitOnPaper(byId('grid').querySelector('table'));
  addEventListener('afterprint', () => {
    wasOpen();
    look.view = before.view;
    byId('paper').replaceChildren();
    show();
  }, { once: true });
}

addEventListener('beforeprint', toPaper);
