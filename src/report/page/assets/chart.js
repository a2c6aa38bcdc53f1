// Charts of whole numbers as lines or points, each with its numbers as a table for those who cannot see it.

const CHART = { width: 460, height: 220, left: 56, right: 14, top: 12, bottom: 40 };
const LINES = ['var(--accent)', 'var(--room)', 'var(--device)', 'var(--deed)', 'var(--bad)', 'var(--request)', 'var(--good)', 'var(--noted)', 'var(--open)', 'var(--ink)'];
/** No two lines of a chart have the same dashes: without colours they are still told apart. */
const DASHES = [null, '6 3', '2 3', '8 3 2 3', '1 5', '14 4', '9 3 2 3 2 3', '4 6', '14 3 5 3', '2 2 7 2'];

/** The lines to draw: those that coincide are one, with the names of all. */
function distinct(series) {
  const known = new Map();
  for (const { name, points } of series) {
    const key = JSON.stringify(points);
    if (known.has(key)) known.get(key).names.push(name);
    else known.set(key, { names: [name], points });
  }
  return [...known.values()];
}

/** Numbers at which an axis has its marks: a handful of round ones. */
function marks(most) {
  if (most <= 0) return [0];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough));
  const found = [];
  for (let value = 0; value <= most; value += step) found.push(value);
  return found;
}

/** A number in few letters. */
function short(number) {
  if (number >= 1e6) return `${+(number / 1e6).toFixed(1)} M`;
  if (number >= 1e4) return `${+(number / 1e3).toFixed(1)} k`;
  return grouped(number);
}

/** The name of a point, on the side on which there is room. */
function label(name, x, y) {
  const isLeft = x > CHART.width / 2;
  return svg('text', { x: (x + (isLeft ? -8 : 8)).toFixed(1), y: (y < CHART.top + 8 ? y + 12 : y - 5).toFixed(1), class: isLeft ? 'tick end' : 'tick' }, name);
}

function chart(plot) {
  const { width, height, left, right, top, bottom } = CHART;
  const isTime = plot.x === 'milliseconds';
  const all = plot.series.flatMap((series) => series.points);
  const lines = distinct(plot.series);
  const isPoints = plot.marks === 'points';
  const mostX = Math.max(1, ...all.map(([x]) => x));
  const mostY = Math.max(1, ...all.map(([, y]) => y));
  const toX = (x) => left + (x / mostX) * (width - left - right);
  const toY = (y) => height - bottom - (y / mostY) * (height - top - bottom);
  const onX = isTime ? marks(mostX / 1000).map((seconds) => [seconds * 1000, `${seconds} s`]) : marks(mostX).map((x) => [x, short(x)]);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${plot.title}: ${plot.y} by ${isTime ? 'time' : plot.x}, up to ${grouped(mostY)}` },
    marks(mostY).map((y) => [
      svg('path', { d: `M${left} ${toY(y)}H${width - right}`, class: 'rule-line' }),
      svg('text', { x: left - 8, y: toY(y) + 4, class: 'tick end' }, short(y))]),
    onX.map(([x, name]) => svg('text', { x: toX(x), y: height - bottom + 17, class: 'tick middle' }, name)),
    svg('text', { x: (left + width - right) / 2, y: height - 5, class: 'tick middle' }, isTime ? 'time' : plot.x),
    isPoints ? lines.flatMap((series, place) => series.points.map(([x, y]) => [
      svg('circle', { cx: toX(x).toFixed(1), cy: toY(y).toFixed(1), r: 4, class: 'spot', fill: LINES[place % LINES.length] }),
      label(series.names.join(', '), toX(x), toY(y)),
    ])) : lines.map((series, place) => svg('path', {
      d: series.points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join(''),
      class: 'curve', stroke: LINES[place % LINES.length], 'stroke-dasharray': DASHES[place % DASHES.length],
    })));
  return el('figure', { class: 'chart' },
    el('figcaption', {}, el('b', {}, plot.title), ' ', el('span', { class: 'dim' }, plot.y)),
    picture,
    plot.series.length > 1 && !isPoints ? el('ul', { class: 'legend row-wise' }, lines.map((series, place) => el('li', {},
      svg('svg', { width: 38, height: 8, 'aria-hidden': 'true' }, svg('path', { d: 'M0 4H38', class: 'curve', stroke: LINES[place % LINES.length], 'stroke-dasharray': DASHES[place % DASHES.length] })), series.names.join(', ')))) : null,
    el('details', {}, el('summary', {}, 'Numbers', el('span', { class: 'unseen' }, ` of ${plot.title}`)), el('div', { class: 'numbers', tabindex: 0, role: 'region', 'aria-label': `Numbers of ${plot.title}` }, el('table', { class: 'facts', 'aria-label': plot.title },
      el('thead', {}, el('tr', {}, ['series', isTime ? 'time' : plot.x, plot.y].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, plot.series.flatMap((series) => series.points.map(([x, y]) => el('tr', {}, el('td', {}, series.name), el('td', {}, isTime ? time(x) : grouped(x)), el('td', {}, grouped(y))))))))));
}
